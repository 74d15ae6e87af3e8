/** Equal revisions are equal bytes and equal ETags, whichever instance serves them and whatever its clock says. */
import { type Test, test } from 'tap'
import { testClock } from '../support/clock.ts'
import { createHold } from '../support/hold.ts'
import { aroundReads, databaseAt, inOneMinute } from '../support/reads.ts'
import { type Answer, claimsOf, request, type ServeOptions, type Service, serve } from '../support/serve.ts'
import { notOnPostgres, select } from '../support/sqlite.ts'
import { bytesOf, device, isRevoked, revoke, type Status, setIn, withAlice } from '../support/status-list.ts'

const MINUTE_MS = 60_000

/** One more instance of a service, under its issuer. */
const instanceOf = (t: Test, { folder, issuer }: Service, options: ServeOptions = {}): Promise<Service> =>
  serve(t, { ...options, folder, environment: { SIGNET_ISSUER: issuer } })

/** What this very instance answers. */
const ask = ({ config }: Service, { uri }: Status): Promise<Answer> =>
  request(`http://127.0.0.1:${config.port}${new URL(uri).pathname}`)

const isOnPostgres = notOnPostgres('') !== false

test('three instances whose clocks differ give one document, before a revocation and after it', async t => {
  // The instances on one SQLite file are on one machine.
  const apartMs = isOnPostgres ? 7 * MINUTE_MS : 0
  const nowMs = Date.now()
  const first = await withAlice(t, { clock: testClock(nowMs) })
  const others = [-apartMs, apartMs].map(async ms => instanceOf(t, first, { clock: testClock(nowMs + ms) }))
  const instances = [first, ...(await Promise.all(others))]
  const { status, refreshToken } = await device(first)
  const documents = async (): Promise<readonly Answer[]> => {
    const minute = () => (isOnPostgres ? minuteOf(first) : 0)
    const before = minute()
    const answers = await Promise.all(instances.map(each => ask(each, status)))
    return minute() === before ? answers : documents()
  }
  for (const revoked of [false, true]) {
    const answers = await documents()
    t.equal(new Set(answers.map(({ text }) => text)).size, 1)
    t.equal(new Set(answers.map(({ headers }) => headers.get('etag'))).size, 1)
    t.equal(setIn(bytesOf(answers[0]?.text ?? '')).length, revoked ? 1 : 0)
    if (!revoked) await revoke(first, refreshToken)
  }
})

/** By the clock of PostgreSQL. */
const minuteOf = ({ databaseFile }: Service): number =>
  Number(select(databaseFile, 'select floor(extract(epoch from clock_timestamp()) / 60) as minute')[0]?.['minute'])

test('what is revoked between the revision and the entries is in neither of them', async t => {
  const reading = createHold()
  const around = aroundReads((store, call) => (store === 'revocations' ? reading.pass(call) : call()))
  const at = inOneMinute()
  const first = await withAlice(t, { faults: { read: at } })
  const second = await instanceOf(t, first, { faults: { read: readers => around(at(readers)) } })
  const [one, other] = [await device(first), await device(first)]
  await revoke(first, one.refreshToken)
  const expected = await ask(first, one.status)
  t.same(setIn(bytesOf(expected.text)), [one.status.idx])

  reading.close()
  const answer = ask(second, one.status)
  await reading.waiting(1)
  await revoke(first, other.refreshToken)
  reading.open()
  t.equal((await answer).text, expected.text)
  t.equal((await ask(second, one.status)).text, (await ask(first, one.status)).text, 'and then in both')
  t.ok(await isRevoked(other.status))
})

test('a document says the second of its revision, and then the minute in which it was asked for', async t => {
  let nowMs = Date.now()
  const service = await withAlice(t, { faults: { read: databaseAt(() => nowMs) } })
  const { status, refreshToken } = await device(service)
  await revoke(service, refreshToken)
  const iatOf = async () => claimsOf((await ask(service, status)).text).iat * 1000
  const revisedAtMs = Number(
    select(service.databaseFile, 'select revised_at_ms from status_lists')[0]?.['revised_at_ms'],
  )
  const second = Math.floor(revisedAtMs / 1000) * 1000
  nowMs = revisedAtMs
  t.equal(await iatOf(), second)
  const nextMinute = (Math.floor(revisedAtMs / MINUTE_MS) + 1) * MINUTE_MS
  nowMs = nextMinute - 1
  const before = await ask(service, status)
  t.equal(await iatOf(), second)
  nowMs = nextMinute
  const after = await ask(service, status)
  t.equal(await iatOf(), nextMinute)
  t.not(after.headers.get('etag'), before.headers.get('etag'))
  const [old, young] = [claimsOf(before.text), claimsOf(after.text)]
  t.equal(young.exp - young.iat, old.exp - old.iat)
  t.same(young.status_list, old.status_list)
  nowMs = nextMinute + MINUTE_MS - 1
  t.equal((await ask(service, status)).text, after.text)
})

test('a revision from a clock that was ahead, by however little, makes no document of the future', async t => {
  let nowMs = Date.now()
  const service = await withAlice(t, { faults: { read: databaseAt(() => nowMs) } })
  const { status } = await device(service)
  for (const aheadMs of [1000, MINUTE_MS, 12 * 60 * MINUTE_MS, 30 * 60 * MINUTE_MS]) {
    nowMs = Date.now() - aheadMs
    const { iat } = claimsOf((await ask(service, status)).text)
    t.ok(iat * 1000 <= nowMs && iat * 1000 > nowMs - MINUTE_MS, `${aheadMs} ms`)
  }
})
