import { statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Allowance } from '../../src/records/counters.ts'
import { createCounters } from '../../src/storage/counters/counters.ts'
import { sqliteCounters } from '../../src/storage/engine/sqlite/counters.ts'
import { temporaryFolder } from '../support/environment.ts'
import { migratedPostgres, openPostgres } from '../support/postgres.ts'
import { change, select } from '../support/sqlite.ts'
import { stillDate } from '../support/still-date.ts'

const two: Allowance = { name: 'two', points: 2, seconds: 60 }
const one = { allowance: two, of: 'somebody' }

const tables = {
  SQLite(t: Test) {
    const file = join(temporaryFolder(t), 'counters.sqlite')
    const table = sqliteCounters(file)
    t.teardown(table.close)
    return { file, table }
  },
  async PostgreSQL(t: Test) {
    const file = await migratedPostgres(t)
    const { counterTable } = await openPostgres(t, file)
    return { file, table: counterTable }
  },
}

/** Counters on a table of the test's own, by a clock that the test moves. */
async function scene(t: Test, kind: keyof typeof tables = 'SQLite') {
  const { file, table } = await tables[kind](t)
  const counters = createCounters({ table, onAway: error => t.fail(String(error)) })
  const advance = stillDate(t)
  const take = async () => {
    const taken = await counters.take([one])
    return 'points' in taken ? taken.points : []
  }
  /** How many more there may be now. */
  async function left(): Promise<number> {
    let count = 0
    while ((await take()).length > 0) count += 1
    return count
  }
  return {
    ...{ counters, take, left, file, advance },
  }
}

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  t.test(`on ${kind}: a window that began with the first attempt ends after its time`, async t => {
    const { counters, left, advance } = await scene(t, kind)
    t.equal(await left(), 2)
    advance(59)
    t.same(await counters.look(one), { allowance: two, retryAfterSeconds: 1 })
    t.equal(await left(), 0)
    advance(1)
    t.equal(await counters.look(one), undefined)
    t.equal(await left(), 2)
  })

  t.test(`on ${kind}: a point that is given back when its window is over is no credit in the next one`, async t => {
    const { counters, take, left, advance } = await scene(t, kind)
    const early = await take()
    advance(61)
    await counters.giveBack(early)
    t.equal(await left(), 2, 'in one that nobody had begun')
    advance(61)
    const before = await take()
    advance(61)
    await take()
    await counters.giveBack(before)
    t.equal(await left(), 1, 'in one that somebody else began')
    advance(61)
    const forgotten = await take()
    await counters.reset([one])
    await counters.giveBack(forgotten)
    t.equal(await left(), 2, 'in one that was begun anew meanwhile')
  })

  t.test(`on ${kind}: when one of several is used up, a point of none is taken`, async t => {
    const { counters, left } = await scene(t, kind)
    const wide: Allowance = { name: 'wide', points: 1, seconds: 60 }
    const other = { allowance: wide, of: 'all' }
    await counters.take([other])
    const refused = await counters.take([one, other])
    t.match(refused, { usedUp: { allowance: wide, retryAfterSeconds: 60 } })
    t.equal(await left(), 2)
  })

  t.test(`on ${kind}: when a narrow one is used up, no wider one hears of it`, async t => {
    const { counters, left, file } = await scene(t, kind)
    t.equal(await left(), 2)
    const wide = { allowance: { name: 'wide', points: 9, seconds: 60 }, of: 'all' }
    // With a hole where its point was, so that whoever gave one back would be seen, too.
    await counters.take([wide])
    await change(file, "update attempt_counters set points = -5 where key = 'wide:all'")
    t.match(await counters.take([one, wide]), { usedUp: { allowance: two } })
    t.strictSame(select(file, "select points from attempt_counters where key = 'wide:all'"), [{ points: -5 }])
  })

  t.test(`on ${kind}: a clock that was set back does not make a window longer than it is`, async t => {
    const { counters, left, advance } = await scene(t, kind)
    t.equal(await left(), 2)
    advance(-24 * 60 * 60)
    t.equal(await counters.look(one), undefined)
    t.equal(await left(), 2)
    advance(60)
    t.equal(await left(), 2)
  })

  t.test(
    `on ${kind}: attempts that were refused or given back leave nothing behind, however many names they are for`,
    async t => {
      const { counters, file } = await scene(t, kind)
      const ofNetwork = { allowance: { name: 'network', points: 1, seconds: 60 }, of: 'network' }
      await counters.take([ofNetwork])
      for (let name = 0; name < 50; name += 1) await counters.take([{ allowance: two, of: `name ${name}` }, ofNetwork])
      const taken = await counters.take([one])
      await counters.giveBack('points' in taken ? taken.points : [])
      t.strictSame(select(file, 'select key, points from attempt_counters'), [{ key: 'network:network', points: 1 }])
    },
  )
}

t.test('the log of the file stays small, however much is counted', async t => {
  const { counters, file } = await scene(t)
  for (let name = 0; name < 2000; name += 1) await counters.take([{ allowance: two, of: `name ${name}` }])
  t.ok(statSync(`${file}-wal`).size < 8 * 1024 * 1024, `${statSync(`${file}-wal`).size} bytes`)
})
