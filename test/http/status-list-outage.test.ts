/** While the database is away, lists are served as they were known, with `Age` (RFC 9111 §5.1), which says that nobody could ask. */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { type Test, test } from 'tap'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { testClock } from '../support/clock.ts'
import { isError } from '../support/error-shape.ts'
import { createHold } from '../support/hold.ts'
import { aroundReads, inOneMinute } from '../support/reads.ts'
import { type Answer, byTest, refresh } from '../support/serve.ts'
import { device, fetchList, isRevoked, revoke, withAlice } from '../support/status-list.ts'

const HOUR_MS = 3_600_000

/** A service whose database can be taken away, all of it or what a store reads. */
async function withOutages(t: Test) {
  const away = new Set<string>()
  const read = aroundReads((store, call) =>
    away.has('all') || away.has(store) ? Promise.reject(new StorageUnavailable('away')) : call(),
  )
  const clock = testClock()
  return { clock, away, service: await withAlice(t, { clock, faults: { read } }) }
}

const ageOf = ({ headers }: Answer): string | null => headers.get('age')

test('while the database is away a list says how long ago it was known to be true, and nothing when it is back', async t => {
  const { clock, away, service } = await withOutages(t)
  const { status } = await device(service)
  t.equal(ageOf(await fetchList(status.uri)), null)
  clock.advance(20_000)
  const from = performance.now()
  const before = await fetchList(status.uri)
  t.equal(ageOf(before), null, 'it was asked for just now')

  away.add('all')
  const path = new URL(status.uri).pathname
  for (const [passedMs, seconds] of [
    [0, 1],
    [900, 1],
    [600, 2],
    [8500, 10],
    [HOUR_MS, 3610],
  ] as const) {
    clock.advance(passedMs)
    const answer = await fetchList(status.uri)
    t.equal(answer.text, before.text)
    const passed = Math.ceil((performance.now() - from) / 1000)
    const age = Number(ageOf(answer))
    t.ok(
      age >= seconds && age <= Math.max(seconds, passed),
      `${age} of ${seconds} s, or ${passed} s that really passed`,
    )
    const etag = answer.headers.get('etag') ?? ''
    const held = await service.get(path, { headers: { 'if-none-match': etag } })
    t.match(held, { status: 304 })
    t.ok(Number(ageOf(held)) >= seconds, 'for those who hold it, too')
  }
  t.match(service.log(), /"outcome":"stale"/)

  away.clear()
  const after = await fetchList(status.uri)
  t.equal(ageOf(after), null)
  const other = await device(service)
  await revoke(service, other.refreshToken)
  t.ok(await isRevoked(other.status))
})

test('without a document at hand there is none while the database is away', async t => {
  const { away, service } = await withOutages(t)
  const { status } = await device(service)
  away.add('all')
  for (const path of [new URL(status.uri).pathname, '/oauth/status-lists/unknown', '/oauth/status-lists']) {
    const answer = await service.get(path)
    isError(t, answer, [503, 'temporarily_unavailable'])
    t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
    t.equal(ageOf(answer), null)
  }
})

test('where the lists are is known while the database is away, with an age', async t => {
  const { away, service } = await withOutages(t)
  const { status } = await device(service)
  const lists = () => service.get('/oauth/status-lists')
  t.equal(ageOf(await lists()), null)
  away.add('all')
  const answer = await lists()
  t.same(answer.body, { status_lists: [status.uri] })
  t.match(ageOf(answer), /^[1-9]\d*$/)
})

test('when the database tells that something was revoked but not what, the list at hand has an age', async t => {
  const { away, service } = await withOutages(t)
  for (const store of ['statusLists', 'revocations']) {
    const { status, refreshToken } = await device(service)
    t.notOk(await isRevoked(status))
    away.add(store)
    t.equal((await revoke(service, refreshToken)).status, 200)
    t.match(ageOf(await fetchList(status.uri)), /^[1-9]\d*$/)
    away.clear()
    t.ok(await isRevoked(status), 'and then it shows what happened meanwhile')
  }
})

test('a database that takes too long is not waited for, and asked again for the next one', async t => {
  const answering = createHold()
  const read = aroundReads((store, call) => (store === 'statusLists' ? answering.pass(call) : call()))
  const service = await withAlice(t, { faults: { read } })
  const { status, refreshToken } = await device(service)
  t.equal(ageOf(await fetchList(status.uri)), null)
  answering.close()
  const from = performance.now()
  const [known, unknown] = await Promise.all([fetchList(status.uri), service.get('/oauth/status-lists/unknown')])
  // After a second, and what a busy machine takes; the database answers nothing before these are here.
  t.ok(performance.now() - from < 8000, 'whoever asks has an answer')
  t.ok(Number(ageOf(known)) >= 2)
  isError(t, unknown, [503, 'temporarily_unavailable'])
  await revoke(service, refreshToken)
  answering.open()
  t.ok(await isRevoked(status))
})

test('a list that has expired is of no use, with whatever age', async t => {
  const { clock, away, service } = await withOutages(t)
  const { status } = await device(service)
  await fetchList(status.uri)
  away.add('all')
  clock.advance(23 * HOUR_MS)
  t.ok(Number(ageOf(await fetchList(status.uri))) >= 23 * 3600)
  clock.advance(HOUR_MS + 60_000)
  isError(t, await service.get(new URL(status.uri).pathname), [503, 'temporarily_unavailable'])
})

test('a list by a key that signs no more is signed anew, and has the age that it had', async t => {
  const { away, service } = await withOutages(t)
  const { status } = await device(service)
  const before = await fetchList(status.uri)
  away.add('statusLists')
  await (await service.container.keyLifecycle()).revokeAll('test', byTest)
  await service.tick()
  const held = await fetchList(status.uri)
  t.match(ageOf(held), /^[1-9]/)
  const [{ kid }, claims] = [decodeProtectedHeader(held.text), decodeJwt(held.text)]
  t.strictSame(claims, decodeJwt(before.text))
  const { keys } = (await service.get('/.well-known/jwks.json')).body
  t.ok(keys.some((key: { kid: string }) => key.kid === kid))
  t.equal((await fetchList(status.uri)).text, held.text, 'once')
  away.clear()
  t.equal((await fetchList(status.uri)).status, 200)
})

test('neither a refresh nor a sign-in is news', async t => {
  const service = await withAlice(t, { faults: { read: inOneMinute() } })
  const { status, refreshToken } = await device(service)
  const before = await fetchList(status.uri)
  await refresh(service, refreshToken)
  await device(service)
  t.equal((await fetchList(status.uri)).headers.get('etag'), before.headers.get('etag'))
})
