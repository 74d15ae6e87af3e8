/** What was signed in, counted and written while the clock was ten years ahead, when it is right again: nobody is kept out, and nothing lives for ten years. */
import t, { type Test } from 'tap'
import { testClock } from '../support/clock.ts'
import { commandLine } from '../support/command-line.ts'
import { claimsOf, password, refresh, type ServeOptions, type Service } from '../support/serve.ts'
import { DAY, HOUR, MINUTE } from '../support/signing-keys.ts'
import { change, select } from '../support/sqlite.ts'
import {
  device,
  isRevoked,
  refreshed,
  restarted,
  revoke,
  statusListsOf,
  until,
  withAlice,
} from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const AHEAD = 3650 * DAY
const IDLE = 14 * DAY
const ABSOLUTE = 90 * DAY

/** A service on a clock that is ahead, until `correct` is called. */
async function ahead(t: Test, options: ServeOptions = {}) {
  const clock = testClock(Date.now() + AHEAD)
  const before = await withAlice(t, { ...options, clock })
  return {
    clock,
    before,
    /** The service is stopped, the clock set, and the service started again. */
    async correct(): Promise<Service> {
      await before.stop()
      clock.advance(-AHEAD)
      return restarted(t, before, { ...options, clock })
    },
  }
}

const listOf = ({ status }: { readonly status: { readonly uri: string } }) => status.uri.split('/').at(-1)
const endsOf = ({ databaseFile }: Service, sid: string) =>
  select(databaseFile, 'select expires_at_ms, absolute_expires_at_ms from sessions where id = ?', sid)[0]

t.test('a session goes on, and ends as if it had begun when the clock was right again', async t => {
  const { clock, before, correct } = await ahead(t)
  const started = await device(before)
  const service = await correct()
  const first = await refreshed(service, started)
  t.equal(claimsOf(first.access).iat, Math.floor(clock.now() / 1000))
  const end = clock.now() + ABSOLUTE
  t.match(endsOf(service, started.sid), { expires_at_ms: clock.now() + IDLE, absolute_expires_at_ms: end })
  let last = first
  for (let day = 0; day < 80; day += 10) {
    clock.advance(10 * DAY)
    last = await refreshed(service, last)
  }
  t.match(endsOf(service, started.sid), { expires_at_ms: end, absolute_expires_at_ms: end })
  clock.advance(10 * DAY)
  t.equal((await refresh(service, last.refreshToken)).status, 400)
})

t.test('what is used now is not ended for what was used in the future', async t => {
  const environment = { SIGNET_SESSION_LIMIT: '3' }
  const { clock, before, correct } = await ahead(t, { environment })
  const old = [await device(before), await device(before), await device(before)]
  const service = await correct()
  const fresh = []
  for (let time = 0; time < 3; time += 1) {
    fresh.push(await device(service))
    clock.advance(MINUTE)
  }
  for (const each of old) t.equal((await refresh(service, each.refreshToken)).status, 400, 'the older ones made room')
  for (const each of fresh) t.equal((await refresh(service, each.refreshToken)).status, 200)
})

t.test('new sessions go to a list of their own time, and those of the future stay where they are revoked', async t => {
  const { clock, before, correct } = await ahead(t)
  const [kept, revoked] = [await device(before), await device(before)]
  const service = await correct()
  const fresh = await device(service)
  t.not(listOf(fresh), listOf(kept))
  t.match(statusListsOf(service.databaseFile), [
    { id: listOf(fresh), state: 'open', opened_at_ms: clock.now(), size: 2 ** 14 },
    { id: listOf(kept), state: 'closed' },
  ])
  t.equal(listOf(await refreshed(service, kept)), listOf(kept), 'its list is kept for as long as its tokens say')
  t.equal((await revoke(service, revoked.refreshToken)).status, 200)
  t.equal(await isRevoked(revoked.status), true)
  clock.advance(25 * HOUR)
  const next = await device(service)
  t.notOk([listOf(fresh), listOf(kept)].includes(listOf(next)), 'a list lasts a day')
  clock.advance(3 * DAY)
  await (await service.container.janitor()).sweep()
  const lists = statusListsOf(service.databaseFile).map(({ id }) => id)
  t.notOk(lists.includes(listOf(fresh)))
  t.ok(lists.includes(listOf(kept)))
  t.equal(await isRevoked(revoked.status), true, 'for as long as the token says')
})

t.test('a list that a running service had open takes nobody more when the clock is set right under it', async t => {
  const { clock, before } = await ahead(t)
  const old = await device(before)
  clock.advance(-AHEAD)
  const fresh = await device(before)
  t.not(listOf(fresh), listOf(old))
  t.equal(statusListsOf(before.databaseFile).find(({ id }) => id === listOf(fresh))?.['opened_at_ms'], clock.now())
})

t.test('networks of the future give way to those of now', async t => {
  const { clock, correct } = await ahead(t)
  const service = await correct()
  const [{ id } = { id: '' }] = select(service.databaseFile, 'select id from users')
  for (let network = 0; network < 10; network += 1)
    change(
      service.databaseFile,
      'insert into sign_in_networks values (?, ?, ?)',
      ...[id, `192.0.2.${network}`, clock.now() + AHEAD + network],
    )
  clock.advance(MINUTE)
  const good = await service.token({
    ...{ grant_type: 'password', client_id: 'spa', username: 'alice' },
    password,
  })
  t.equal(good.status, 200)
  const known = () => select(service.databaseFile, 'select network, last_at_ms from sign_in_networks order by network')
  // Nobody waits for the write.
  await until(async () => known().some(({ network }) => network === '127.0.0.1'))
  t.equal(known().length, 10)
  t.ok(known().every(({ last_at_ms }) => last_at_ms === clock.now()))
})

t.test(
  'the doctor says both: set the clock, or what to do if it was ahead; a warning once a service has run since',
  async t => {
    const { clock, before, correct } = await ahead(t, { seals: true })
    await device(before)
    await before.seal()
    await before.stop()
    clock.advance(-AHEAD)
    const doctor = await commandLine(t, before.environment, clock)
    const clockIn = ({ findings }: { findings: readonly { check: string }[] }) =>
      findings.find(({ check }) => check === 'clock')
    const says =
      /^The clock says .*, and the last event is of .*\. If the clock is behind, set it\. If it is right, it was ahead/
    const { code, stdout } = await doctor.run(['doctor', '--json'])
    t.equal(code, 1)
    t.match(clockIn(JSON.parse(stdout)), { ok: false, problem: says, warning: null })
    clock.advance(AHEAD)
    const service = await correct()
    await device(service)
    await service.seal()
    t.match(clockIn(await doctor.json(['doctor'])), { ok: true, problem: null, warning: says })

    clock.advance(1000)
    const all = await doctor.run(['audit', 'list'])
    t.match(all.stderr, /^The newest are of the future: .* --until 0s leaves them out$/m)
    const { stdout: past, stderr } = await doctor.run(['audit', 'list', '--until', '0s'])
    t.equal(stderr, '')
    t.match(past.trimEnd().split('\n'), [/user\.sign_in .*user=alice/])
  },
)
