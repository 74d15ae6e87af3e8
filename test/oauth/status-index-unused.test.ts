/** An index that no token took along is given to somebody else: those who ask for one row at the same time use up no list. */
import t from 'tap'
import { createHold } from '../support/hold.ts'
import { machines } from '../support/machines.ts'
import { statusIn, statusListsOf, storedAs } from '../support/status-list.ts'

const AT_ONCE = 40
const ROUNDS = 10
const MINUTE_MS = 60_000
/** Of a list of 2^14 entries. */
const BLOCK = 16

t.test('forty at once who want a fresh index, minute after minute, use up one each time', async t => {
  const signing = createHold()
  const its = await machines(t, {
    faults: { signer: ({ kid, sign }) => ({ kid, sign: input => signing.pass(() => sign(input)) }) },
  })
  const { api_key: key } = await its.make()
  const used = new Set<string>()
  for (let round = 0; round < ROUNDS; round += 1) {
    signing.close()
    const asked = Array.from({ length: AT_ONCE }, () => its.given(key))
    // Each with an index of its own.
    await signing.waiting(AT_ONCE)
    signing.open()
    const given = await Promise.all(asked)
    const references = new Set(given.map(token => storedAs(statusIn(token))))
    t.equal(references.size, 1, 'all tokens have the one of the row')
    for (const reference of references) used.add(reference)
    const form = { client_id: 'gateway', token: given[0] ?? '' }
    t.equal((await its.service.get('/oauth/revoke', { form })).status, 200)
    its.clock.advance(MINUTE_MS)
  }
  t.equal(used.size, ROUNDS, 'none is given to the row again')
  const [list] = statusListsOf(its.service.databaseFile)
  t.ok(list?.['next_block'] * BLOCK <= 2 * AT_ONCE, `${list?.['next_block']} blocks`)
})
