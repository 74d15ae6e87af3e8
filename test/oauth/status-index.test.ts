import { test } from 'tap'
import { testClock } from '../support/clock.ts'
import { refresh, type Service, serve } from '../support/serve.ts'
import { change } from '../support/sqlite.ts'
import {
  type Device,
  device,
  isRevoked,
  refreshed,
  restarted,
  revoke,
  statusListsOf,
  storedAs,
  storedRevocations,
  withAlice,
} from '../support/status-list.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
/** A token's 10 minutes, the grace of 30 s, 10 s to issue it, and the 5 minutes by which a verifier's clock may be slow. */
const DEAD_AFTER_MS = (600 + 30 + 10 + 300) * SECOND_MS
/** Of a list of 2^20 entries. */
const BLOCK = 1024

const listOf = ({ status }: Device) => status.uri.split('/').at(-1)
const blockOf = (each: Device) => `${listOf(each)}/${Math.floor(each.status.idx / BLOCK)}`
const sweep = async (service: Service) => (await service.container.janitor()).sweep()

/** A list of the largest size, which nobody has an index of. */
function openLargeList({ databaseFile }: Service): void {
  const now = Date.now()
  change(databaseFile, "insert into status_lists values ('large', 'open', 0, 0, ?, ?, 1048576, 0)", now, now * 2)
}

test('all access tokens of a session share one index', async t => {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  const first = await device(service)
  let last = first
  for (let time = 0; time < 3; time += 1) {
    clock.advance(5 * HOUR_MS)
    const again = await refreshed(service, last)
    t.same(again.status, first.status)
    const repeated = await refreshed(service, last)
    t.same(repeated.status, first.status, 'a repetition, too')
    t.not(repeated.access, again.access)
    last = again
  }
})

test('two sessions never share an index, also when blocks run out while many sign in, and no order tells who came first', async t => {
  const service = await withAlice(t, { environment: { SIGNET_SESSION_LIMIT: '1000' } })
  openLargeList(service)
  const devices: Device[] = []
  while (devices.length < 1040) devices.push(...(await Promise.all(Array.from({ length: 8 }, () => device(service)))))
  t.equal(new Set(devices.map(({ status }) => storedAs(status))).size, devices.length)
  t.equal(new Set(devices.map(blockOf)).size, 2)
  t.match(
    statusListsOf(service.databaseFile),
    [{ state: 'open', next_block: 2 }],
    'a block is claimed when it is needed',
  )

  const indices = devices.slice(0, 200).map(({ status }) => status.idx)
  t.ok(Math.max(...indices) - Math.min(...indices) > BLOCK / 2, 'from all over the block')
  const rises = indices.filter((index, at) => index > (indices[at - 1] ?? index)).length
  t.ok(rises > 50 && rises < 150, `${rises} of 199 rise`)
})

test('two services on one database never share an index, and a restart takes no block that was in use', async t => {
  const first = await withAlice(t)
  openLargeList(first)
  const second = await serve(t, { folder: first.folder })
  const devices: Device[] = []
  const eight = () => Promise.all(Array.from({ length: 8 }, (_, turn) => device(turn % 2 === 0 ? first : second)))
  while (devices.length < 40) devices.push(...(await eight()))
  t.equal(new Set(devices.map(({ status }) => storedAs(status))).size, devices.length)
  const blocksOf = (parity: number) => new Set(devices.filter((_, turn) => turn % 2 === parity).map(blockOf))
  t.equal(blocksOf(0).size, 1)
  t.equal(blocksOf(1).size, 1)
  t.not([...blocksOf(0)][0], [...blocksOf(1)][0])

  const again = await restarted(t, first, {})
  const newcomer = await device(again)
  t.notOk(devices.map(blockOf).includes(blockOf(newcomer)), 'what was left of its block is left alone')
  t.equal(new Set([...devices, newcomer].map(listOf)).size, 1)
  const [known] = devices
  t.same((await refreshed(again, known as Device)).status, known?.status, 'and a session keeps its index')
})

test('a list of 24 h takes no new sessions, and the next refresh moves its sessions to the open one', async t => {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  const [one, other] = [await device(service), await device(service)]
  clock.advance(24 * HOUR_MS - 1)
  const before = await refreshed(service, one)
  t.same(before.status, one.status)
  t.equal(listOf(await device(service)), listOf(one))
  clock.advance(1)
  const newcomer = await device(service)
  t.not(listOf(newcomer), listOf(one))
  const moved = await refreshed(service, before)
  t.equal(listOf(moved), listOf(newcomer))
  t.not(moved.status.idx, newcomer.status.idx)
  clock.advance(12 * HOUR_MS)
  t.equal(listOf(await refreshed(service, other)), listOf(newcomer), 'whenever that comes')
  t.same((await refreshed(service, moved)).status, moved.status, 'and there it stays')
})

test('a session that was moved is revoked in both lists for as long as a token of the old one may be accepted', async t => {
  for (const [afterMs, inBoth] of [
    [0, true],
    [DEAD_AFTER_MS - 2, true],
    [DEAD_AFTER_MS, false],
  ] as const) {
    const clock = testClock()
    const service = await withAlice(t, { clock })
    const first = await device(service)
    clock.advance(24 * HOUR_MS - 1)
    const old = await refreshed(service, first)
    clock.advance(1)
    const moved = await refreshed(service, old)
    clock.advance(afterMs)
    const last = await refreshed(service, moved)
    t.not(listOf(last), listOf(old))
    t.equal((await revoke(service, last.refreshToken)).status, 200)
    t.equal(await isRevoked(last.status), true)
    t.equal(await isRevoked(old.status), inBoth, `${afterMs} ms after the move`)
    t.equal(storedRevocations(service.databaseFile).length, inBoth ? 2 : 1)
  }
})

test('an access token of the list that was left revokes the session in both', async t => {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  const first = await device(service)
  clock.advance(24 * HOUR_MS - 1)
  const old = await refreshed(service, first)
  clock.advance(1)
  const moved = await refreshed(service, old)
  t.equal((await revoke(service, old.access)).status, 200)
  t.same([await isRevoked(old.status), await isRevoked(moved.status)], [true, true])
  const fresh = await refreshed(service, moved)
  t.equal(await isRevoked(fresh.status), false, 'and its refresh token goes on')
  await revoke(service, fresh.refreshToken)
  t.equal(await isRevoked(fresh.status), true)
})

test('a list that is full before its time takes no new sessions and keeps those that it has', async t => {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  const [one, other] = [await device(service), await device(service)]
  change(service.databaseFile, 'update status_lists set next_block = 1023')
  const second = await restarted(t, service, { clock })
  t.equal(listOf(await device(second)), listOf(one), 'the last block')
  clock.advance(HOUR_MS)
  const third = await restarted(t, second, { clock })
  const newcomer = await device(third)
  t.not(listOf(newcomer), listOf(one))
  t.match(statusListsOf(third.databaseFile), [{ state: 'closed' }, { state: 'open' }])

  const kept = await refreshed(third, one)
  t.same(kept.status, one.status)
  await revoke(third, kept.refreshToken)
  t.equal(await isRevoked(kept.status), true)
  clock.advance(23 * HOUR_MS)
  t.equal(listOf(await refreshed(third, other)), listOf(newcomer), 'until they leave it like every list')
})

test('a session without a list that lives on gets a new index when it comes back after days', async t => {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  const first = await device(service)
  clock.advance(13 * 24 * HOUR_MS)
  t.match(await sweep(service), { statusLists: 1, sessions: 0 })
  t.same(statusListsOf(service.databaseFile), [])
  const back = await refreshed(service, first)
  t.not(listOf(back), listOf(first))
  await revoke(service, back.refreshToken)
  t.equal(await isRevoked(back.status), true)
  t.same(storedRevocations(service.databaseFile), [storedAs(back.status)], 'what has died needs no revocation')
  t.equal((await refresh(service, back.refreshToken)).body.error, 'invalid_grant')
})
