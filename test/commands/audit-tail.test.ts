import t, { type Test } from 'tap'
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { ListedAuditEvent } from '../../src/records/audit-event.ts'
import { testClock } from '../support/clock.ts'
import { commandLine } from '../support/command-line.ts'
import { startCommand } from '../support/process.ts'
import { addAlice, byTest, serve } from '../support/serve.ts'
import { change, changeEach } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

// Each has a database of its own.
t.jobs = 2

const MINUTE_MS = 60_000

/** A service's database, past the service, and who follows the audit in it: between two looks, the test acts. */
async function scene(t: Test) {
  const clock = testClock()
  const service = await serve(t, { clock })
  await service.stop()
  const { databaseFile, environment } = service
  for (const table of ['audit_events', 'audit_seals']) change(databaseFile, `delete from ${table}`)
  let look = Promise.withResolvers<void>()
  let looked = Promise.withResolvers<void>()
  const pause = async () => {
    looked.resolve()
    await look.promise
  }
  const container = createContainer(readConfig(environment), { clock, pause, logTo: { write: () => undefined } })
  t.teardown(container.close)
  const trail = await container.auditTrail()
  const stopping = new AbortController()
  const shown: string[] = []
  let ended: Promise<void> | undefined

  /** The names of what is shown since the last look. */
  const sinceThen = () => shown.splice(0)
  async function lookAgain(): Promise<string[]> {
    looked = Promise.withResolvers()
    const before = look
    look = Promise.withResolvers()
    before.resolve()
    await looked.promise
    return sinceThen()
  }
  async function follow(lines: number, search = {}): Promise<string[]> {
    const following = trail.follow(search, lines, () => undefined, stopping.signal)
    const keep = (events: readonly ListedAuditEvent[]) => shown.push(...events.map(({ reason }) => reason ?? ''))
    ended = (async () => {
      for await (const events of following) keep(events)
    })()
    await Promise.race([looked.promise, ended])
    return sinceThen()
  }
  return {
    ...{ follow, lookAgain },
    /** Events with these names as their reasons, that are committed now. */
    commit(reasons: string | readonly string[], agoMs = 0, seal: number | null = null, type = 'role.add') {
      const atMs = clock.now() - agoMs
      const rowOf = (reason: string) => [
        `event_${atMs.toString(16).padStart(12, '0')}${reason}`,
        ...[type, atMs, reason, seal],
      ]
      changeEach(
        databaseFile,
        "insert into audit_events (id, type, occurred_at_ms, outcome, reason, actor, count, seal) values (?, ?, ?, 'success', ?, 'signet', 1, ?)",
        [reasons].flat().map(rowOf),
      )
    },
    seal(number: number, ...reasons: readonly string[]) {
      for (const reason of reasons)
        change(databaseFile, 'update audit_events set seal = ? where reason = ?', number, reason)
      change(
        databaseFile,
        "insert into audit_seals (number, count, encoding, digest, sealed_at_ms, kid, signature) values (?, ?, 1, 'd', ?, 'kid', 's')",
        ...[number, reasons.length, clock.now()],
      )
    },
    advance: clock.advance,
    async stop() {
      stopping.abort()
      look.resolve()
      await ended
    },
  }
}

t.test('what comes is shown once, in whatever order it is committed and sealed', async t => {
  const { follow, lookAgain, commit, seal, advance, stop } = await scene(t)
  commit('first', 3000, 1)
  seal(1)
  commit('second', 2000)
  commit('third', 1000)
  t.same(await follow(2), ['second', 'third'])
  t.same(await lookAgain(), [])
  advance(1000)
  commit('late', 5 * MINUTE_MS)
  commit('fourth')
  t.same(await lookAgain(), ['late', 'fourth'], 'what happened before what was shown, and is committed after it')
  seal(2, 'second', 'third', 'late')
  t.same(await lookAgain(), [], 'what was shown is sealed')
  commit('at once', 500)
  seal(3, 'at once', 'fourth')
  t.same(await lookAgain(), ['at once'], 'what was sealed before anybody looked')
  seal(4)
  commit('fifth', 6000)
  seal(5, 'fifth')
  seal(6)
  commit('sixth')
  t.same(await lookAgain(), ['fifth', 'sixth'], 'behind several seals')
  t.same(await lookAgain(), [])
  await stop()
})

t.test('what was there long before is not taken for new when it is sealed', async t => {
  const { follow, lookAgain, commit, seal, advance, stop } = await scene(t)
  commit('old', 20 * MINUTE_MS)
  commit('young', MINUTE_MS)
  t.same(await follow(0), [])
  seal(1, 'old')
  seal(2, 'young')
  t.same(await lookAgain(), [])
  advance(60 * MINUTE_MS)
  commit('new')
  t.same(await lookAgain(), ['new'])
  await stop()
})

t.test('more than a page of what comes is shown whole, and a filter holds for what comes, too', async t => {
  const many = Array.from({ length: 1203 }, (_, index) => `n${String(index).padStart(4, '0')}`)
  const everything = await scene(t)
  await everything.follow(5)
  everything.commit(many)
  t.same(await everything.lookAgain(), many)
  for (const [index, name] of many.entries()) if (index % 50 === 0) everything.seal(index / 50 + 1, name)
  t.same(await everything.lookAgain(), [])
  await everything.stop()

  const some = await scene(t)
  some.commit('a role', 2000)
  t.same(await some.follow(5, { types: ['user.add'] }), [])
  some.commit('another role')
  some.commit('a user', 0, null, 'user.add')
  some.commit('a sealed user', 0, 1, 'user.add')
  some.commit('a sealed role', 0, 1)
  some.seal(1)
  t.same(await some.lookAgain(), ['a sealed user', 'a user'])
  await some.stop()
})

t.test('without --follow tail shows the newest and ends, under --json one value a line', async t => {
  const { json, text } = await commandLine(t)
  for (const name of ['a', 'b', 'c']) await json(['roles', 'add', name, '--permission', 'a:b'])
  const all = await json(['audit', 'list'])
  const lines = async (...words: readonly string[]) =>
    (await text(['audit', 'tail', ...words])).split('\n').slice(0, -1)
  t.same(
    (await lines('--json')).map(line => JSON.parse(line)),
    all,
  )
  t.same(
    (await lines('--json', '-n', '2')).map(line => JSON.parse(line)),
    all.slice(-2),
  )
  t.same(await lines('-n', '0'), [])
  t.same(await lines(), (await text(['audit', 'list'])).split('\n').slice(0, -1))
  t.same(await lines('--type', 'user'), [])
})

t.test('--follow shows what a service beside it writes, until it is interrupted or nobody reads on', async t => {
  const service = await serve(t)
  await addAlice(service)
  const words = ['audit', 'tail', '--follow', '--json', '-n', '1']
  const [interrupted, unread] = [words, words].map(words => startCommand(t, service.environment, words))
  if (interrupted === undefined || unread === undefined) throw new Error('Both were started.')
  const shows = (command: typeof unread, lines: number) =>
    until(async () => command.stdout().split('\n').length > lines)
  await Promise.all([shows(interrupted, 1), shows(unread, 1)])
  await service.users.setStatus('alice', 'disabled', byTest)
  await shows(interrupted, 2)
  const last = JSON.parse(interrupted.stdout().split('\n').at(-2) ?? '')
  t.match(last, { type: 'user.disable', outcome: 'success', username: 'alice', actor: 'operator:test' })
  interrupted.kill('SIGINT')
  const { code, stderr } = await interrupted.ran
  t.same([code, stderr], [0, ''])
  await shows(unread, 2)
  unread.close()
  await service.users.setStatus('alice', 'active', byTest)
  t.match(await unread.ran, { code: 0, stderr: '' })
})
