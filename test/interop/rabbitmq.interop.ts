/** RabbitMQ verifies tokens as its page configures it. PIKA names a Python that has its client, DEBIAN_12 and DEBIAN_13 a RabbitMQ. */
import t, { type Test, test } from 'tap'
import { byTest, claimsOf, headerOf, password, request, serve } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { setUpByPage } from './commands-on-page.ts'
import { frontOf } from './front.ts'
import { commandsOnPage, placed } from './integration-pages.ts'
import { keyChanges } from './key-changes.ts'
import { watched } from './machines.ts'
import { startRabbit } from './rabbitmq.ts'
import { resigned, wrongTokens } from './wrong-tokens.ts'

// Each loads for seconds, and on a busy machine for a minute.
t.setTimeout(300_000)

const nowInSeconds = () => Math.floor(Date.now() / 1000)
const done = { done: true } as const

/** Until that second is over. */
const passed = (second: number): Promise<void> => until(async () => Date.now() >= (second + 1) * 1000, 60_000)

async function withRabbit(t: Test, release: 12 | 13) {
  const front = await frontOf(t, true)
  const service = await serve(t, { environment: { SIGNET_ISSUER: front.url } })
  await watched(t, service, front)
  const secrets = await setUpByPage(service, 'rabbitmq')
  for (const username of ['alice', 'bob'])
    await service.users.add({ username, password, roles: ['queue-reader'] }, byTest)
  const ask = (id: string, form: Readonly<Record<string, string>>) =>
    request(`${front.url}/oauth/token`, { form, client: [id, secrets[id] ?? ''] })
  const token = async (): Promise<string> =>
    (await ask('orders', { grant_type: 'client_credentials' })).body.access_token
  const signIn = (username: string, typed = password) =>
    ask('queue-tool', { grant_type: 'password', username, password: typed })
  const rabbit = await startRabbit(t, release, front)
  return { service, token, signIn, rabbit, client: rabbit.client(), keys: await keyChanges(service) }
}

type Scene = Awaited<ReturnType<typeof withRabbit>>

/** By the name that RabbitMQ has for it. */
const usersOf = async ({ rabbit }: Scene): Promise<string[]> =>
  (await rabbit.ctl('list_connections', '--no-table-headers', 'user')).trim().split('\n').sort()

async function worksWithinItsPermissions(t: Test, scene: Scene) {
  const { client, token } = scene
  t.same(await client.open('good', await token()), done)
  t.same(await client.declare('good', 'orders-1'), done)
  t.same(await client.publish('good', 'orders-1'), done)
  t.same(await client.get('good', 'orders-1'), { done: true, got: 'hello' })
  t.match(await client.declare('good', 'invoices'), { refused: 'ChannelClosedByBroker', says: /^403 ACCESS_REFUSED/ })
}

async function knowsItsUsers(t: Test, release: 12 | 13, scene: Scene) {
  const { client, signIn, token } = scene
  const [alice, bob] = [(await signIn('alice')).body.access_token, (await signIn('bob')).body.access_token]
  t.same(await client.open('alice', alice), done)
  t.same(await client.open('bob', bob), done)
  t.match(await client.declare('alice', 'orders-2'), { says: /^403/ }, 'she may only read')
  const names =
    release === 12
      ? ['orders', 'queue-tool', 'queue-tool']
      : [await token(), alice, bob].map(each => claimsOf(each).sub)
  t.same(await usersOf(scene), names.sort())
  const renewed = await client.renew('bob', alice)
  if (release === 12) t.same(renewed, done, 'it takes what is for somebody else')
  else t.match(renewed, { refused: 'ConnectionClosedByBroker', says: /^530/ })
}
async function signsNobodyInWhoMayNot(t: Test, scene: Scene) {
  const { client, service, signIn } = scene
  t.match(await signIn('alice', `${password}!`), { status: 400, body: { error: 'invalid_grant' } })
  const before = (await signIn('alice')).body.access_token
  await service.users.setStatus('alice', 'disabled', byTest)
  t.match(await signIn('alice'), { status: 400, body: { error: 'invalid_grant' } })
  t.same(await client.open('disabled', before), done, 'what she has already is taken until it expires')
}

async function refusesWhatIsNoTokenForIt(t: Test, scene: Scene) {
  const { client, service, token } = scene
  const good = await token()
  const expired = resigned(scene.service, good, { exp: nowInSeconds() - 1 })
  const wrong = { ...(await wrongTokens(service, good)), 'an expired token': expired, 'no token': 'password' }
  for (const [name, each] of Object.entries(wrong))
    t.match(await client.open(name, each), { refused: 'ProbableAuthenticationError', says: /\(403\)/ }, name)
  t.match(await client.open('foreign', resigned(scene.service, good, { scope: 'posts:read' })), { says: /\(530\)/ })
}

async function looksAgainAtAnOpenConnection(t: Test, scene: Scene) {
  const { client, token } = scene
  // Time for what comes before it is over, on a busy machine, too.
  const exp = nowInSeconds() + 20
  const short = resigned(scene.service, await token(), { exp })
  for (const name of ['asks', 'renews', 'subscribes']) t.same(await client.open(name, short), done)
  t.same(await client.declare('asks', 'orders-3'), done)
  t.same(await client.subscribe('subscribes', 'orders-3'), done)
  t.same(await client.renew('renews', await token()), done)
  await passed(exp)
  t.match(await client.declare('asks', 'orders-4'), { refused: 'ChannelClosedByBroker', says: /^403.*expired/ })
  t.same(await client.declare('renews', 'orders-4'), done)
  t.same(await client.publish('renews', 'orders-3'), done)
  await until(async () => (await client.look('subscribes', 'orders-3')).received === 1)
}

async function takesEachNewKey(t: Test, scene: Scene) {
  const { client, keys, token } = scene
  for (const name of ['the standby that it knows', 'one that it does not know']) {
    await keys.rotate()
    t.same(await client.open(name, await token()), done, name)
  }
}

async function forgetsARevokedKey(t: Test, release: 12 | 13, scene: Scene) {
  const { client, keys, rabbit, token } = scene
  const stolen = await token()
  t.same(await client.open('before', stolen), done)
  await keys.revokeActive()
  t.same(await client.open('afterwards', stolen), done, 'it fetches nothing')
  const [, , onPage3 = '', onPage4 = '', close = ''] = commandsOnPage('rabbitmq')
  const forget = release === 12 ? placed(onPage3, { KID: headerOf(stolen).kid }) : onPage4
  await rabbit.ctl('eval', forget.split("'")[1] ?? '')
  t.match(await client.open('forgotten', stolen), { says: /\(403\)/ })
  t.same(await client.open('new', await token()), done)
  t.same(await client.declare('before', 'orders-5'), done, 'what is open stays open')
  const user = release === 12 ? 'orders' : claimsOf(stolen).sub
  const [, reason = ''] = close.split("'")
  await rabbit.ctl('close_all_user_connections', user, reason)
  t.match(await client.declare('before', 'orders-5'), {
    refused: 'ConnectionClosedByBroker',
    says: `320 CONNECTION_FORCED - ${reason}`,
  })
}

async function fetchesAtAKeyThatItDoesNotKnow(t: Test, scene: Scene) {
  const { client, keys, token } = scene
  const stolen = await token()
  t.same(await client.open('stolen', stolen), done)
  await keys.revokeActive()
  t.same(await client.open('stolen', stolen), done)
  await keys.rotate()
  t.same(await client.open('rotated', await token()), done)
  t.match(await client.open('stolen', stolen), { says: /\(403\)/ })
}

for (const release of [12, 13] as const) {
  const missing = [`DEBIAN_${release}`, 'PIKA'].find(name => process.env[name] === undefined)
  const skip = missing !== undefined && `${missing} names nothing`
  test(`RabbitMQ of Debian ${release}`, { skip }, async t => {
    const scene = await withRabbit(t, release)
    await t.test('works with a token, within its permissions', t => worksWithinItsPermissions(t, scene))
    await t.test('knows programs and people as the page says', t => knowsItsUsers(t, release, scene))
    await t.test('refuses what is no token for it', t => refusesWhatIsNoTokenForIt(t, scene))
    await t.test('sees nobody whom Signet refuses', t => signsNobodyInWhoMayNot(t, scene))
    await t.test('looks at an open connection again, and not at a subscription', t =>
      looksAgainAtAnOpenConnection(t, scene),
    )
    await t.test('takes the tokens of each new key at once', t => takesEachNewKey(t, scene))
    await t.test('forgets a revoked key when it is told to, and ends connections', t =>
      forgetsARevokedKey(t, release, scene),
    )
    await t.test('forgets a revoked key at the rotation that follows', t => fetchesAtAKeyThatItDoesNotKnow(t, scene))
  })
}
