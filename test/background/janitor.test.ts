import { readFileSync } from 'node:fs'
import { type Test, test } from 'tap'
import { testClock } from '../support/clock.ts'
import { linesSaying } from '../support/log.ts'
import { byTest, refresh, type Service } from '../support/serve.ts'
import { changeEach, everythingIn, notOnPostgres, select, sessionsOf } from '../support/sqlite.ts'
import {
  device,
  fetchList,
  isRevoked,
  refreshed,
  revoke,
  statusListsOf,
  storedAs,
  storedRevocations,
  withAlice,
} from '../support/status-list.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A token's 10 minutes, the grace, the time to issue it, and the tolerance of slow clocks. */
const DEAD_AFTER_MS = (600 + 30 + 10 + 300) * SECOND_MS
const nothing = {
  ...{ sessions: 0, revocations: 0, statusLists: 0, credentials: 0 },
  ...{ passwordTickets: 0, usedAssertions: 0, fetchedKeys: 0, signInNetworks: 0, auditEvents: 0 },
}

async function scene(t: Test) {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  return { clock, service, sweep: async () => (await service.container.janitor()).sweep() }
}

const sessionIds = ({ databaseFile }: Service) => sessionsOf(databaseFile).map(({ id }) => id)

test('a session that was ended is removed when its last access token is dead for every verifier, and not before', async t => {
  const { clock, service, sweep } = await scene(t)
  const [ended, alive] = [await device(service), await device(service)]
  await revoke(service, ended.refreshToken)
  clock.advance(DEAD_AFTER_MS - 1)
  t.same(await sweep(), nothing)
  t.ok(await isRevoked(ended.status))
  clock.advance(1)
  const others = () =>
    ['users', 'roles', 'user_roles', 'clients', 'status_lists', 'signing_keys', 'audit_events'].map(table =>
      select(service.databaseFile, `select ${table === 'status_lists' ? 'id, next_block' : '*'} from ${table}`),
    )
  const before = others()
  t.same(await sweep(), { ...nothing, sessions: 1, revocations: 1 })
  t.same(others(), before, 'nothing else is touched')
  t.same(sessionIds(service), [alive.sid])
  t.same(storedRevocations(service.databaseFile), [])
  t.equal((await refresh(service, ended.refreshToken)).body.error, 'invalid_grant')
  t.ok((await refreshed(service, alive)).access, 'and what is alive goes on')
})

test('a session that nobody used for the idle lifetime is removed', async t => {
  const { clock, service, sweep } = await scene(t)
  const idle = await device(service)
  clock.advance(DAY_MS)
  const used = await device(service)
  clock.advance(13 * DAY_MS - 1)
  t.equal((await sweep()).sessions, 0)
  clock.advance(1)
  t.equal((await sweep()).sessions, 1)
  t.same(sessionIds(service), [used.sid])
  t.equal((await refresh(service, idle.refreshToken)).body.error, 'invalid_grant')
})

test('a session stays while a long-lived token of the list that it left is alive', async t => {
  const { clock, service, sweep } = await scene(t)
  const setLifetime = (accessTokenTtlSeconds: number) =>
    service.clients.update('web-app', { accessTokenTtlSeconds }, byTest)
  await setLifetime(12 * 3600)
  const first = await device(service)
  clock.advance(DAY_MS - SECOND_MS)
  const long = await refreshed(service, first)
  await setLifetime(30)
  clock.advance(SECOND_MS)
  const short = await refreshed(service, long)
  await revoke(service, short.refreshToken)
  clock.advance(DEAD_AFTER_MS)
  t.same(await sweep(), { ...nothing, revocations: 1 })
  t.same(storedRevocations(service.databaseFile), [storedAs(long.status)])
  clock.advance(12 * HOUR_MS)
  t.match(await sweep(), { sessions: 1, revocations: 1 })
  t.same(sessionIds(service), [])
})

test('a list is served as long as a token that points to it may be accepted, and is removed after that', async t => {
  const { clock, service, sweep } = await scene(t)
  await service.clients.update('web-app', { accessTokenTtlSeconds: 12 * 3600 }, byTest)
  const first = await device(service)
  clock.advance(DAY_MS - 1)
  const last = await refreshed(service, first)
  t.equal(last.status.uri, first.status.uri)
  // 37 h and 18 min after it was opened: as long as a machine's token may live, whose row was written an hour ahead.
  clock.advance(13 * HOUR_MS + 18 * 60 * SECOND_MS)
  t.equal((await sweep()).statusLists, 0)
  await fetchList(last.status.uri)
  clock.advance(60 * SECOND_MS)
  t.equal((await sweep()).statusLists, 1)
  t.same(statusListsOf(service.databaseFile), [])
  t.equal((await service.get(new URL(last.status.uri).pathname)).status, 404)
})

test('a sweep that finds nothing writes nothing, and says nothing', {
  skip: notOnPostgres('it looks into the file'),
}, async t => {
  const { clock, service, sweep } = await scene(t)
  const [one, other] = [await device(service), await device(service)]
  await revoke(service, one.refreshToken)
  await refreshed(service, other)
  clock.advance(60 * SECOND_MS)
  const rows = everythingIn(service.databaseFile)
  const bytes = () => ['', '-wal'].map(end => readFileSync(service.databaseFile + end))
  const before = bytes()
  t.same(await sweep(), nothing)
  t.ok(
    bytes().every((content, at) => content.equals(before[at] as Buffer)),
    'not a byte of the files',
  )
  t.same(everythingIn(service.databaseFile), rows)
  t.same(linesSaying(service, 'swept'), [])
})

test('the log says what was removed, and names nobody', async t => {
  const { clock, service, sweep } = await scene(t)
  await revoke(service, (await device(service)).refreshToken)
  clock.advance(3 * DAY_MS)
  await sweep()
  const [line, ...more] = linesSaying(service, 'swept')
  t.same(more, [])
  const { level, sessions, revocations, status_lists, credentials } = line
  t.same(
    { level, sessions, revocations, status_lists, credentials },
    { level: 'info', sessions: 1, revocations: 1, status_lists: 1, credentials: 0 },
  )
  t.notMatch(JSON.stringify(line), /alice|session_|user_/)
})

test('where a user has not signed in for 90 days is forgotten, also where a client told of it', async t => {
  const { clock, service, sweep } = await scene(t)
  const { userId } = await service.users.find('alice')
  const kept = () => select(service.databaseFile, 'select network from sign_in_networks order by network')
  changeEach(service.databaseFile, 'insert into sign_in_networks values (?, ?, ?)', [
    [userId, '192.0.2.1', clock.now()],
    [userId, 'client_gone 203.0.113.7', clock.now()],
    [userId, '192.0.2.2', clock.now() + 1],
  ])
  clock.advance(90 * DAY_MS)
  t.equal((await sweep()).signInNetworks, 0)
  clock.advance(1)
  t.equal((await sweep()).signInNetworks, 2)
  t.match(kept(), [{ network: '192.0.2.2' }])
})
