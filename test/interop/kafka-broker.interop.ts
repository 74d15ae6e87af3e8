/** A Kafka broker verifies tokens as its page configures it. KAFKA_BROKER names the program of kafka-broker/. */
import t, { type Test, test } from 'tap'
import { byTest, request, serve } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { setUpByPage } from './commands-on-page.ts'
import { frontOf } from './front.ts'
import { startKafka } from './kafka-broker.ts'
import { keyChanges } from './key-changes.ts'
import { watched } from './machines.ts'
import { resigned, wrongTokens } from './wrong-tokens.ts'

// It loads for seconds, and what it fetches it fetches behind a refusal.
t.setTimeout(180_000)

const nowInSeconds = () => Math.floor(Date.now() / 1000)
const done = { done: true } as const
const invalid = { refused: /SaslAuthenticationException: \{"status":"invalid_token"\}/ }

async function withKafka(t: Test) {
  const front = await frontOf(t, true)
  const service = await serve(t, { environment: { SIGNET_ISSUER: front.url } })
  await watched(t, service, front)
  const secrets = await setUpByPage(service, 'kafka')
  const token = async (): Promise<string> => {
    const client = ['orders', secrets['orders'] ?? ''] as const
    return (await request(`${front.url}/oauth/token`, { form: { grant_type: 'client_credentials' }, client })).body
      .access_token
  }
  const kafka = await startKafka(t, front)
  return {
    ...{ service, kafka, token, keys: await keyChanges(service) },
    signIn: (id: 'orders' | 'kafka-admin') => kafka.open(id, secrets[id] ?? ''),
    secret: secrets['orders'] ?? '',
    /** A good token with other claims, and a good signature. */
    resigned: async (claims: object): Promise<string> => resigned(service, await token(), claims),
    /** Whether a new connection is taken. */
    isTaken: async (jwt: string): Promise<boolean> => {
      const { done: taken } = await kafka.show('once', jwt)
      await kafka.close('once')
      return taken === true
    },
  }
}

type Scene = Awaited<ReturnType<typeof withKafka>>

async function knowsItByItsName(t: Test, { kafka, signIn }: Scene) {
  t.same(await signIn('kafka-admin'), done)
  t.same(await signIn('orders'), done)
  t.same(await kafka.create('kafka-admin', 'orders'), done)
  t.match(await kafka.write('orders', 'orders'), { refused: /TopicAuthorizationException/ })
  t.same(await kafka.allow('kafka-admin', 'orders', 'User:orders'), done)
  t.same(await kafka.write('orders', 'orders'), done)
}

async function refusesWhatIsNoTokenForIt(t: Test, { kafka, service, resigned, token }: Scene) {
  const wrong = {
    ...(await wrongTokens(service, await token())),
    'a token that expired just now': await resigned({ iat: nowInSeconds() - 600, exp: nowInSeconds() - 1 }),
    'a token of another issuer': await resigned({ iss: 'https://other.example.com' }),
    'a token without a client_id': await resigned({ client_id: undefined }),
  }
  for (const [name, each] of Object.entries(wrong)) {
    t.match(await kafka.show(name, each), invalid, name)
    await kafka.close(name)
  }
}

async function seesNobodyWhomSignetRefuses(t: Test, { kafka, secret, service }: Scene) {
  const other = kafka.another()
  await service.clients.setStatus('orders', 'disabled', byTest)
  t.match(await other.open('orders', secret), { refused: /401 and error response \{"invalid_client"/ })
  t.same(await kafka.ask('orders'), done, 'what is connected goes on until its token expires')
  await service.clients.setStatus('orders', 'active', byTest)
  t.match(await other.open('orders', `${secret}%`), { refused: /"invalid_client"/ })
}

async function endsAConnectionWithItsToken(t: Test, { kafka, resigned }: Scene) {
  const exp = nowInSeconds() + 10
  t.same(await kafka.show('short', await resigned({ exp })), done)
  await until(async () => (await kafka.ask('short')).refused !== undefined, 30_000)
  t.same(await kafka.ask('orders'), done)
  await kafka.close('short')
}

async function takesEachNewKey(t: Test, { keys, token, isTaken }: Scene) {
  await keys.rotate()
  t.ok(await isTaken(await token()), 'the standby that it knows')
  await keys.rotate()
  const unknown = await token()
  t.notOk(await isTaken(unknown), 'it fetches one that it does not know behind the refusal')
  await until(() => isTaken(unknown), 30_000)
}

async function refusesARevokedKey(t: Test, { keys, token, isTaken }: Scene) {
  const stolen = await token()
  t.ok(await isTaken(stolen))
  await keys.revokeActive()
  t.ok(await isTaken(await token()), 'the key that took over')
  t.ok(await isTaken(stolen), 'it has not fetched yet')
  await keys.rotate()
  t.notOk(await isTaken(await token()), 'one that it does not know has it fetch')
  await until(async () => !(await isTaken(stolen)), 30_000)
}

test('Kafka', async t => {
  const scene = await withKafka(t)
  await t.test('knows a client by its name, and lets it do what a rule allows', t => knowsItByItsName(t, scene))
  await t.test('refuses what is no token for it', t => refusesWhatIsNoTokenForIt(t, scene))
  await t.test('sees no client that Signet refuses', t => seesNobodyWhomSignetRefuses(t, scene))
  await t.test('ends a connection with its token', t => endsAConnectionWithItsToken(t, scene))
  await t.test('takes each new key, one that it has not fetched yet at the second try', t => takesEachNewKey(t, scene))
  await t.test('refuses a revoked key when it has fetched the next', t => refusesARevokedKey(t, scene))
})
