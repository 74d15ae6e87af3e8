import t from 'tap'
import { encodeStatusList } from '../../src/oauth/status-list/encoding.ts'
import { claimsOf, serve } from '../support/serve.ts'
import { change, changeEach } from '../support/sqlite.ts'
import { inflate, setIn } from '../support/status-list.ts'

const SIZE = 2 ** 20

/** draft-ietf-oauth-status-list-21: §4.1, and the test vector of 2^20 entries of one bit. */
const vectors = [
  { size: 16, revoked: [0, 3, 4, 5, 7, 8, 9, 13, 15], lst: 'eNrbuRgAAhcBXQ' },
  {
    size: SIZE,
    revoked: [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345],
    lst: [
      'eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAA',
      'AAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAA',
      'AJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb',
    ].join(''),
  },
]

for (const { size, revoked, lst } of vectors) {
  t.test(`a list of ${size} entries is encoded as the draft's own vector is`, async t => {
    const bytes = inflate(await encodeStatusList(revoked, size))
    t.ok(bytes.equals(inflate(lst)), 'the same bytes; how well they are compressed is free')
    t.equal(bytes.length, size / 8)
    t.same(setIn(bytes), revoked)
  })
}

t.test('the bytes of §4.1 are those that the draft prints', async t => {
  const [{ revoked, size } = { revoked: [], size: 0 }] = vectors
  t.equal(inflate(await encodeStatusList(revoked, size)).toString('hex'), 'b9a3')
})

t.test('the first and the last entry of a list, none, all, and the same one twice', async t => {
  const encode = async (revoked: readonly number[]) => setIn(inflate(await encodeStatusList(revoked, SIZE)))
  t.same(await encode([0, SIZE - 1]), [0, SIZE - 1])
  t.same(await encode([]), [])
  t.same(await encode([7, 7]), [7])
  const all = Array.from({ length: SIZE }, (_, index) => index)
  t.equal((await encode(all)).length, SIZE)
})

t.test('a list of which 1,000 entries are revoked is under 4 KB as it is sent', async t => {
  const service = await serve(t)
  // A fixed sequence (xorshift), so that the test is the same every time.
  let state = 2463534242
  const random = (below: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  const thousand = (draw: (at: number) => number) => {
    const indices = new Set<number>()
    while (indices.size < 1000) indices.add(draw(indices.size))
    return [...indices].sort((a, b) => a - b)
  }
  const cases = {
    'one in a hundred of those that were handed out': [thousand(() => random(100_000)), 'identity'],
    'spread evenly over the whole list': [thousand(at => Math.floor((at * SIZE) / 1000)), 'gzip'],
    'anywhere in the whole list': [thousand(() => random(SIZE)), 'gzip'],
  } as const
  for (const [title, [revoked, coding]] of Object.entries(cases)) {
    const listId = title.replaceAll(' ', '-')
    const list = "insert into status_lists values (?, 'closed', 1024, 1, 0, 9e15, 1048576, 0)"
    change(service.databaseFile, list, listId)
    changeEach(
      service.databaseFile,
      'insert into revocations values (?, ?, 9e15)',
      revoked.map(index => [listId, index]),
    )
    const { headers, text } = await service.get(`/oauth/status-lists/${listId}`, {
      headers: { 'accept-encoding': coding },
    })
    t.equal(headers.get('content-encoding') ?? 'identity', coding)
    const length = Number(headers.get('content-length'))
    t.ok(length > 1000 && length < 4096, `${title}, ${coding}: ${length} bytes`)
    t.same(setIn(inflate(claimsOf(text).status_list.lst)), revoked)
  }
})
