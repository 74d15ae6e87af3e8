/** A token is released only while all is as it was read: the scenarios for which each clause of docs/adr/0017 is there. */
import t, { type Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import type { RefreshFamily } from '../../src/records/session.ts'
import { type Readers, StorageUnavailable, type Write } from '../../src/records/unit-of-work.ts'
import { fastHasher } from '../support/fast-hasher.ts'
import { createHold, during } from '../support/hold.ts'
import { badToken, ended, good, scene, type Tokens, tokensOf } from '../support/scene.ts'
import { type Answer, byTest } from '../support/serve.ts'
import { change, select, sessionsOf } from '../support/sqlite.ts'
import { statusIn } from '../support/status-list.ts'

/** A service in which a request can be held after it has read and before it writes. */
async function heldAtTheSigner(t: Test, faults: Faults = {}) {
  const signing = createHold()
  const holding = { isOn: true }
  const signer: Faults['signer'] = ({ kid, sign }) => ({
    kid,
    sign: input => (holding.isOn ? signing.pass(() => sign(input)) : sign(input)),
  })
  const its = await scene(t, { faults: { signer, ...faults } })
  return {
    ...its,
    signing,
    /** Does `act`, whose own tokens are signed at once, while the request is held. */
    meanwhile: (request: () => Promise<Answer>, act: () => Promise<unknown>) =>
      during(signing, request, async () => {
        holding.isOn = false
        await act()
        holding.isOn = true
      }),
  }
}

const rowOf = (file: string, sid: string) => select(file, 'select * from sessions where id = ?', sid)[0] ?? {}

/** No cascade goes on: as if whoever began it had died, and nobody had noticed yet. */
const withoutCascades = (inner: Write): Write => {
  const refuse = () => Promise.reject(new StorageUnavailable('Cut short.'))
  return (work, size) => inner(stores => work({ ...stores, cascades: { ...stores.cascades, lock: refuse } }), size)
}

/** More open sessions of the same user than one write ends, all before this one in the order in which they end. */
function addSessionsBefore(file: string, sid: string): void {
  const row = rowOf(file, sid)
  delete row['rowid']
  const names = Object.keys(row)
  for (let index = 0; index < 200; index += 1) {
    const copy = { ...row, id: `session_0${String(index).padStart(5, '0')}`, handle_hash: `copy-${index}` }
    const values = names.map(name => (copy as Record<string, unknown>)[name])
    const holders = names.map((_, at) => (file.startsWith('postgres:') ? `$${at + 1}` : '?'))
    change(file, `insert into sessions (${names.join()}) values (${holders.join()})`, ...values)
  }
}

t.test('who is disabled gets no token from a session that the cascade has not reached yet', async t => {
  const its = await heldAtTheSigner(t, { write: withoutCascades })
  const { users, databaseFile } = its.service
  const device = await its.device()
  addSessionsBefore(databaseFile, device.sid)
  const held = await its.meanwhile(
    () => its.refresh(device.refreshToken),
    () => t.rejects(users.setStatus('alice', 'disabled', byTest), { name: 'StorageUnavailable' }),
  )
  t.equal(held.text, badToken, 'one that was being signed')
  t.equal((await its.refresh(device.refreshToken)).text, badToken, 'one that comes afterwards')
  t.equal(rowOf(databaseFile, device.sid)['ended_at_ms'], null, 'it was not reached')
  t.equal(select(databaseFile, 'select * from cascades').length, 1, 'and will be')
})

t.test('two requests that find no index agree on one, so that both tokens can be revoked', async t => {
  const its = await heldAtTheSigner(t)
  const first = await its.device()
  const second = await its.refreshed(first)
  await its.revoke(second.access)
  t.equal(rowOf(its.service.databaseFile, second.sid)['status_index'], null)

  its.signing.close()
  const both = [its.refresh(first.refreshToken), its.refresh(second.refreshToken)]
  await its.signing.waiting(2)
  its.signing.open()
  const answers = await Promise.all(both)
  // The repetition comes first, or it is overtaken.
  t.match(answers[0]?.status, /200|503/)
  t.equal(answers[1]?.status, 200)
  const tokens = answers.filter(({ status }) => status === 200).map(tokensOf)
  const inRow = rowOf(its.service.databaseFile, second.sid)['status_index']
  for (const { access } of tokens) t.equal(statusIn(access).idx, inRow)
  await its.revoke(second.refreshToken)
  for (const each of tokens) t.same(await its.verdictOn(each), ended)
})

t.test('a token from before the lifetime was lowered stays revoked until it expires', async t => {
  const its = await scene(t)
  const { clients, container } = its.service
  const [hour, clientId] = [3_600_000, 'account']
  await clients.update(clientId, { accessTokenTtlSeconds: 12 * 3600 }, byTest)
  const long = await its.device()
  await clients.update(clientId, { accessTokenTtlSeconds: 300 }, byTest)
  const short = await its.refreshed(long)
  t.equal(statusIn(short.access).idx, statusIn(long.access).idx)
  await its.revoke(short.refreshToken)
  its.clock.advance(11 * hour)
  await (await container.janitor()).sweep()
  t.same(await its.verdictOn(long), ended)
})

t.test('a request that is overtaken by two generations is told to try again, and logs nobody out', async t => {
  const its = await heldAtTheSigner(t)
  const first = await its.device()
  let third: Tokens | undefined
  const overtaken = await its.meanwhile(
    () => its.refresh(first.refreshToken),
    async () => {
      third = await its.refreshed(await its.refreshed(first))
    },
  )
  t.equal(overtaken.status, 503)
  t.equal(overtaken.headers.get('retry-after'), '1')
  t.same(await its.verdictOn(third as Tokens), good)
  await its.refreshed(third as Tokens)
  // A retry is a new request: whoever holds a secret that is two generations old is not the owner's last word.
  t.equal((await its.refresh(first.refreshToken)).text, badToken)
  t.same(await its.verdictOn(third as Tokens), ended)
})

t.test(
  'what looks like a reuse is judged again before the session ends: what was read may be a moment old',
  async t => {
    let [last, old]: (RefreshFamily | undefined)[] = []
    const read = (readers: Readers): Readers => {
      const findFamily: Readers['sessions']['findFamily'] = async handleHash => {
        const answer = old ?? (await readers.sessions.findFamily(handleHash))
        ;[last, old] = [answer, undefined]
        return answer
      }
      return { ...readers, sessions: { ...readers.sessions, findFamily } }
    }
    const its = await scene(t, { faults: { read } })
    const first = await its.device()
    const second = await its.refreshed(first)
    // As another process had read it before that rotation.
    old = last
    const third = await its.refreshed(second)
    t.same(await its.verdictOn(third), good)
    t.equal((await its.refresh(first.refreshToken)).text, badToken, 'a reuse is one')
    t.same(await its.verdictOn(third), ended)
  },
)

t.test('a repetition whose successor is used meanwhile gets no secret that nobody knows', async t => {
  const its = await heldAtTheSigner(t)
  const first = await its.device()
  const second = await its.refreshed(first)
  let third: Tokens | undefined
  const repeated = await its.meanwhile(
    () => its.refresh(first.refreshToken),
    async () => {
      third = await its.refreshed(second)
    },
  )
  t.equal(repeated.status, 503)
  t.same(await its.verdictOn(await its.refreshed(third as Tokens)), good)
})

const isPostgres = process.env['SIGNET_TEST_DATABASE'] === 'postgres'
const skip = isPostgres ? false : 'on SQLite, one write comes after the other'

t.test(
  'of two revocations of one access token, the later leaves alone what the session got meanwhile',
  { skip },
  async t => {
    const taking = createHold()
    const holding = { isOn: false }
    const write =
      (inner: Write): Write =>
      (work, size) =>
        inner(stores => {
          const take: typeof stores.sessions.take = (...which) =>
            holding.isOn ? taking.pass(() => stores.sessions.take(...which)) : stores.sessions.take(...which)
          return work({ ...stores, sessions: { ...stores.sessions, take } })
        }, size)
    const its = await scene(t, { faults: { write } })
    const device = await its.device()
    let fresh: Tokens | undefined
    holding.isOn = true
    const answer = await during(
      taking,
      () => its.revoke(device.access),
      async () => {
        holding.isOn = false
        await its.revoke(device.access)
        fresh = await its.refreshed(device)
      },
    )
    t.equal(answer.status, 200)
    t.same(await its.verdictOn(device), ended)
    t.same(await its.verdictOn(fresh as Tokens), good)
  },
)

t.test('what a narrowed client may no longer ask for is in no token, of whichever moment', async t => {
  const its = await heldAtTheSigner(t)
  const narrow = () => its.service.clients.update('account', { scope: ['posts:read'] }, byTest)
  const before = await its.device()
  const held = await its.meanwhile(() => its.refresh(before.refreshToken), narrow)
  t.same(await its.verdictOn(before), ended)
  t.equal(held.body.scope, 'posts:read')
  t.same(await its.verdictOn(tokensOf(held)), good)
})

t.test('a sign-in whose client changes meanwhile looks again, and hashes the password once', async t => {
  let hashed = 0
  const its = await heldAtTheSigner(t, {
    hasher: () => ({
      ...fastHasher,
      verify: (stored, typed) => {
        hashed += 1
        return fastHasher.verify(stored, typed)
      },
    }),
  })
  hashed = 0
  const answer = await its.meanwhile(
    () => its.attempt(),
    () => its.service.clients.update('account', { scope: ['posts:read'] }, byTest),
  )
  t.equal(answer.body.scope, 'posts:read')
  t.equal(hashed, 1)
  t.equal(sessionsOf(its.service.databaseFile).length, 1)
})
