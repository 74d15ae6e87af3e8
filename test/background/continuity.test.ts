/** A database that answers, and is no longer the one that was there. */
import t, { type Test } from 'tap'
import { createContinuity } from '../../src/background/continuity.ts'
import { createLogger } from '../../src/logger.ts'
import type { Pulse } from '../../src/records/pulse.ts'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { isError } from '../support/error-shape.ts'
import { connect, migratedPostgres } from '../support/postgres.ts'
import { addAlice, refresh, request, serve, signIn, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

const first: Pulse = {
  epoch: 'epoch-1',
  serverIdentity: '7:1:5',
  server: { identity: '7:1:5', position: 100, isSynchronous: true, isDurable: true },
  schemaSteps: 13,
  signingKeys: new Map([
    ['a', 'active'],
    ['b', 'pending'],
  ]),
  keysVersion: '',
  statusLists: new Map([['list', 4]]),
  lastSeal: { number: 8, digest: 'eight' },
  auditKid: 'audit',
  hasUnsealed: false,
  hasCascades: false,
}
const server = first.server as NonNullable<Pulse['server']>
const on = (identity: string, more: Partial<Pulse> = {}): Pulse => ({
  ...{ ...first, server: { ...server, identity, position: 1 } },
  ...more,
})

/** A service that saw `first`, and what it did. */
function scene(assertSchema: () => Promise<unknown> = async () => undefined) {
  const [done, logged]: [string[], string[]] = [[], []]
  const continuity = createContinuity({
    first,
    server: { pin: identity => done.push(`pin ${identity}`), refuse: () => done.push('refuse') },
    moves: { moveTo: async identity => void done.push(`move to ${identity}`) },
    beginNotes: async () => void done.push('begin notes'),
    assertSchema,
    log: createLogger('info', { write: line => void logged.push(line) }),
  })
  return { ...continuity, done, logged }
}

async function isOver(t: Test, over: Promise<Error>, says: RegExp) {
  t.match((await over).message, says)
}

t.test('what goes on is served', async t => {
  const { goesOn, done } = scene()
  const later: Pulse = {
    ...first,
    server: { ...server, position: 101 },
    signingKeys: new Map([
      ['a', 'retiring'],
      ['b', 'active'],
      ['c', 'pending'],
    ]),
    // The janitor removed the first one.
    statusLists: new Map([['other', 1]]),
    lastSeal: { number: 9, digest: 'nine' },
  }
  t.equal(await goesOn(later), true)
  t.equal(await goesOn({ ...later, server: undefined }), true, 'a server may stop to tell')
  t.equal(await goesOn({ ...later, server: { ...server, position: 102 } }), true)
  t.strictSame(done, [])
})

const setbacks: Readonly<Record<string, Partial<Pulse>>> = {
  'an audit that ends before': { lastSeal: { number: 7, digest: 'seven' } },
  'an audit that ends otherwise': { lastSeal: { number: 8, digest: 'other' } },
  'an audit without seals': { lastSeal: undefined },
  'a key that is back': {
    signingKeys: new Map([
      ['a', 'pending'],
      ['b', 'pending'],
    ]),
  },
  'a key that is gone': { signingKeys: new Map([['a', 'active']]) },
  'a list of before': { statusLists: new Map([['list', 3]]) },
  'a shorter log': { server: { ...server, position: 99 } },
}

/** Whoever accepts a restore revokes them all. */
const revoked: Pulse['signingKeys'] = new Map([
  ['a', 'revoked'],
  ['b', 'revoked'],
  ['c', 'active'],
])

for (const [what, more] of Object.entries(setbacks))
  t.test(`${what} ends all service, until that is accepted; then the process begins anew`, async t => {
    const { goesOn, over, done, logged } = scene()
    t.equal(await goesOn({ ...first, ...more }), false)
    t.strictSame(done, ['refuse'])
    t.match(logged.join(''), /"level":"fatal".*older than what was seen of it before.*signet doctor --restored/)
    t.equal(await goesOn(first), false, 'also when the other one is back')
    t.equal(logged.length, 1, 'it is said once')
    t.equal(await goesOn({ ...first, ...more, epoch: 'epoch-2', signingKeys: revoked }), false)
    await isOver(t, over, /was accepted.*begins anew/)
  })

t.test('a synchronous standby that was promoted is followed, and only that', async t => {
  const followed = scene()
  t.equal(await followed.goesOn(on('7:2:5')), true)
  t.strictSame(followed.done, ['pin 7:2:5', 'move to 7:2:5', 'begin notes'])
  t.equal(await followed.goesOn(on('7:2:5', { serverIdentity: '7:2:5' })), true)
  t.equal(followed.done.length, 3, 'once')

  for (const identity of ['8:2:5', '7:2:6', '7:0:5']) {
    const { goesOn, done } = scene()
    t.equal(await goesOn(on(identity)), false, identity)
    t.strictSame(done, ['refuse'])
  }
  const asynchronous = scene()
  const alone = { ...first, server: { ...server, isSynchronous: false } }
  t.equal(await asynchronous.goesOn(alone), true)
  t.equal(await asynchronous.goesOn(on('7:2:5')), false)
  t.match(asynchronous.logged.join(''), /timeline 2, and was on 1.*Nothing is served/)
  t.equal(await asynchronous.goesOn(on('7:2:5', { serverIdentity: '7:2:5' })), false)
  await isOver(t, asynchronous.over, /was accepted/)
})

t.test('where somebody else has said that nothing is missing, it is followed', async t => {
  const { goesOn, done } = scene()
  t.equal(await goesOn({ ...first, server: { ...server, isSynchronous: false } }), true)
  t.equal(await goesOn(on('8:1:9', { serverIdentity: '8:1:9' })), true)
  t.match(done, ['pin 8:1:9'])
})

t.test('an accepted restore, and a schema that this program can not work with, end the process', async t => {
  const restored = scene()
  t.equal(await restored.goesOn({ ...first, epoch: 'epoch-2' }), false)
  await isOver(t, restored.over, /was accepted/)

  const newer = scene(() => Promise.reject(new Error('The database was migrated by a newer Signet')))
  t.equal(await newer.goesOn({ ...first, schemaSteps: 14 }), false)
  await isOver(t, newer.over, /newer Signet/)

  const away = scene(() => Promise.reject(new StorageUnavailable('away')))
  await t.rejects(away.goesOn({ ...first, schemaSteps: 14 }), StorageUnavailable)
  t.equal(await away.goesOn(first), true)
})

t.test('on PostgreSQL nothing is served of a database that went back, but what is at hand', async t => {
  const url = await migratedPostgres(t)
  const service = await serve(t, { folder: temporaryFolder(t), environment: { SIGNET_DATABASE_URL: url } })
  await addAlice(service)
  const { body } = await signIn(service)
  const { uri } = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString()).status.status_list
  t.equal((await request(uri)).status, 200)
  const beside = await connect(t, url)
  // As in a copy of the time before there was a standby.
  await beside.query("delete from signing_keys where state = 'pending'")
  await until(async () => (await request(`${service.management}/readyz`)).status === 503)
  for (const ask of [() => signIn(service), () => refresh(service, body.refresh_token)])
    isError(t, await ask(), [503, 'temporarily_unavailable'])
  t.equal((await service.get('/.well-known/jwks.json')).status, 200)
  const held = await request(uri)
  t.equal(held.status, 200)
  t.match(held.headers.get('age'), /^[1-9]/)
  t.match(service.log(), /older than what was seen of it before: the signing key .* is not there any more/)

  await beside.query("update instance set epoch = 'another'")
  t.match((await service.lost).message, /was accepted/)
})
