/** How the entries of a status list are read (draft-ietf-oauth-status-list §4.1, and its test vectors). */
import { deflateSync } from 'node:zlib'
import { type Test, test } from 'tap'
import { POLL_MS, simulated } from '../support/simulated-verifier.ts'

/** The entries that are not 0. */
type Statuses = Readonly<Record<number, number>>

/** The appendix of the draft: the first of 2^20 entries of one bit. */
const large =
  'eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb'
const ownList = (...bytes: number[]): string => deflateSync(Buffer.from(bytes)).toString('base64url')

async function readsEntries(t: Test, bits: number, lst: string, entries: number, statuses: Statuses): Promise<void> {
  const { environment, issuer, start, tokenOf } = await simulated(t)
  issuer.publishList('1', issuer.statusList('1', Buffer.alloc(0), { status_list: { bits, lst } }))
  const { outcome } = start()
  await environment.idle()
  const set = Object.keys(statuses).map(Number)
  const asked = entries <= 16 ? Array.from({ length: entries }, (_, idx) => idx) : [...set, ...set.map(idx => idx + 1)]
  for (const idx of asked)
    t.equal(await outcome(tokenOf('1', idx)), statuses[idx] === undefined ? 'accepted' : 'revoked', `entry ${idx}`)
  t.equal(await outcome(tokenOf('1', entries - 1)), statuses[entries - 1] === undefined ? 'accepted' : 'revoked')
  for (const mode of ['lenient', 'strict'] as const)
    for (const idx of [entries, entries + 1, 2 ** 32, Number.MAX_SAFE_INTEGER])
      t.equal(await outcome(tokenOf('1', idx), { mode }), 'invalid_claim', `${mode}: there is no entry ${idx}`)
}

test('one bit an entry', async t => {
  const statuses = { 0: 1, 3: 1, 4: 1, 5: 1, 7: 1, 8: 1, 9: 1, 13: 1, 15: 1 }
  await readsEntries(t, 1, 'eNrbuRgAAhcBXQ', 16, statuses)
})

test('two bits an entry', async t => {
  const statuses = { 0: 1, 1: 2, 3: 3, 5: 1, 7: 1, 8: 1, 9: 2, 10: 3, 11: 3 }
  await readsEntries(t, 2, 'eNo76fITAAPfAgc', 12, statuses)
})

test('a million entries of one bit', async t => {
  const set = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]
  await readsEntries(t, 1, large, 2 ** 20, Object.fromEntries(set.map(idx => [idx, 1])))
})

test('four bits an entry', t => readsEntries(t, 4, ownList(0x01, 0x80, 0xff, 0x00), 8, { 0: 1, 3: 8, 4: 15, 5: 15 }))

test('eight bits an entry', t => readsEntries(t, 8, ownList(0x00, 0x01, 0x80, 0xff, 0x00), 5, { 1: 1, 2: 128, 3: 255 }))

test('an entry that is not there refuses a token from the poll on after which it is not there', async t => {
  const { environment, issuer, start, tokenOf } = await simulated(t)
  const publish = (length: number) => issuer.publishList('1', issuer.statusList('1', Buffer.alloc(length)))
  publish(2)
  const { outcome } = start()
  await environment.idle()
  const token = tokenOf('1', 8)
  t.equal(await outcome(token), 'accepted')
  publish(1)
  await environment.advance(POLL_MS)
  t.equal(await outcome(token), 'invalid_claim')
})
