/** A machine that asks for some hours without a pause: what it leaves behind, however often it asks. */
import t from 'tap'
import type { Stores, Write } from '../../src/records/unit-of-work.ts'
import { addKey, addMachine, askAs, exchange } from '../support/asking-machines.ts'
import { testClock } from '../support/clock.ts'
import { serve } from '../support/serve.ts'
import { statusIn, statusListsOf } from '../support/status-list.ts'
import { openRows } from './day/rows.ts'
import { grants } from './settings.ts'

/** Its row is written anew once in the lifetime of a token: of ten minutes, and of five for a key. */
const LIFETIMES = 30
const [ITS_OWN_MS, OF_A_KEY_MS] = [600_000, 300_000]

/** Counts each row that is written: a call of one of these is one row. */
function countRows() {
  let rows = 0
  const counted =
    <A extends unknown[], R>(method: (...values: A) => R) =>
    (...values: A): R => {
      rows += 1
      return method(...values)
    }
  const counting = (stores: Stores): Stores => ({
    ...stores,
    audit: { ...stores.audit, append: counted(stores.audit.append) },
    credentials: { ...stores.credentials, setLastUsed: counted(stores.credentials.setLastUsed) },
    sessions: {
      ...stores.sessions,
      insert: counted(stores.sessions.insert),
      extend: counted(stores.sessions.extend),
    },
  })
  const write =
    (inner: Write): Write =>
    (work, size) =>
      inner(stores => work(counting(stores)), size)
  return { write, written: () => rows }
}

t.test(`${grants} grants of a machine write fewer than 100 rows in hours, and not one index is taken`, async t => {
  const clock = testClock()
  const { write, written } = countRows()
  const service = await serve(t, { clock, faults: { write } })
  const { databaseFile } = service
  await addMachine(service, 'job')
  const { text } = await addKey(service, { clientId: 'job' })
  const rows = openRows(databaseFile)
  t.teardown(rows.close)
  const asks = [
    { ask: () => askAs(service, 'job'), lifetimeMs: ITS_OWN_MS },
    { ask: () => exchange(service, text, 'job'), lifetimeMs: OF_A_KEY_MS },
  ]
  for (const { ask, lifetimeMs } of asks) {
    const index = async () => statusIn((await ask()).body.access_token).idx
    const first = await index()
    const before = { counts: rows.count(), lists: statusListsOf(databaseFile), written: written() }
    for (let asked = 0; asked < grants; asked += 1) {
      if ((await index()) !== first) t.fail(`grant ${asked} has another index`)
      clock.advance((LIFETIMES * lifetimeMs) / grants)
    }
    const count = written() - before.written
    t.comment(`${count} rows`)
    t.ok(count > LIFETIMES && count < 100)
    t.same(rows.count(), before.counts)
    t.same(statusListsOf(databaseFile), before.lists)
  }
})
