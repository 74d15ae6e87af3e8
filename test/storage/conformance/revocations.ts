import type { Test } from 'tap'
import type { Revocation } from '../../../src/records/status-list.ts'
import { type EmptyDatabase, type Engine, farMs, openMigrated } from './records.ts'

const ANY = 100

const revocationOf = (listId: string, index: number, untilMs = farMs): Revocation => ({ listId, index, untilMs })

/** With the lists `a`, which is closed, and `b`, which is open. */
async function openWithLists(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openMigrated(t, engine)
  await database.write(async ({ statusLists }) => {
    await statusLists.open({ id: 'a', openedAtMs: farMs, size: 2 ** 20, revision: 5, keepUntilMs: farMs })
    await statusLists.close(0, { afterMs: 0, untilMs: farMs })
    await statusLists.open({ id: 'b', openedAtMs: farMs + 1, size: 2 ** 20, revision: 5, keepUntilMs: farMs })
  })
  return database
}

const add = ({ write }: EmptyDatabase, ...revocations: readonly Revocation[]) =>
  write(stores => stores.revocations.add(revocations))

const removeExpired = ({ write }: EmptyDatabase, nowMs: number, limit = ANY) =>
  write(({ revocations }) => revocations.removeExpired(nowMs, limit))

const indices = async ({ read }: EmptyDatabase, listId: string) =>
  (await read.revocations.listIndices(listId, -1, 1000)).toSorted((a, b) => a - b)

/** Runs `act` and answers the lists whose revision it changed. */
async function changedBy({ read }: EmptyDatabase, act: () => Promise<unknown>) {
  const before = await read.statusLists.list()
  await act()
  const after = await read.statusLists.list()
  return after.filter(({ revision }, at) => revision !== before[at]?.revision).map(({ id }) => id)
}

export function revocationChecks(t: Test, engine: Engine): void {
  t.test('a revoked index is shown by its list and by no other', async t => {
    const database = await openWithLists(t, engine)
    await add(database, revocationOf('a', 2 ** 20 - 1), revocationOf('b', 0), revocationOf('a', 7))
    t.strictSame(await indices(database, 'a'), [7, 2 ** 20 - 1])
    t.strictSame(await indices(database, 'b'), [0])
    t.strictSame(await indices(database, 'none'), [])
  })

  t.test('the indices of a list come in order, page by page', async t => {
    const database = await openWithLists(t, engine)
    await add(database, ...[300, 0, 2 ** 20 - 1, 20, 1].map(index => revocationOf('a', index)), revocationOf('b', 5))
    const page = (afterIndex: number, limit: number) => database.read.revocations.listIndices('a', afterIndex, limit)
    t.strictSame(await page(-1, ANY), [0, 1, 20, 300, 2 ** 20 - 1])
    t.strictSame(await page(-1, 2), [0, 1])
    t.strictSame(await page(1, 2), [20, 300])
    t.strictSame(await page(19, 1), [20])
    t.strictSame(await page(300, 2), [2 ** 20 - 1])
    t.strictSame(await page(2 ** 20 - 1, 2), [])
  })

  t.test('a revocation changes the revision of its list, each time, and of no other', async t => {
    const database = await openWithLists(t, engine)
    t.strictSame(await changedBy(database, () => add(database, revocationOf('a', 1), revocationOf('a', 2))), ['a'])
    t.strictSame(await changedBy(database, () => add(database, revocationOf('a', 3))), ['a'])
    t.strictSame(await changedBy(database, () => add(database, revocationOf('b', 1))), ['b'])
    t.strictSame(await changedBy(database, () => add(database, revocationOf('b', 2), revocationOf('a', 4))), ['a', 'b'])
    t.strictSame(await changedBy(database, () => add(database)), [])
  })

  t.test('a revision only grows, so that none comes a second time', async t => {
    const database = await openWithLists(t, engine)
    const seen: number[] = []
    const see = async () => seen.push((await database.read.statusLists.list())[0]?.revision ?? -1)
    await see()
    await add(database, revocationOf('a', 1))
    await see()
    await removeExpired(database, farMs)
    await see()
    await add(database, revocationOf('a', 1))
    await see()
    t.equal(seen[0], 5)
    t.strictSame(
      [...new Set(seen)].toSorted((a, b) => a - b),
      seen,
    )
  })

  t.test('a revision and each look have the time of the one clock that all instances share', async t => {
    const database = await openWithLists(t, engine)
    // What a process says that is ahead by a day.
    database.clock.advance(24 * 3_600_000)
    const isInjected = engine.graceClock === 'injected'
    for (const act of [
      () => add(database, revocationOf('a', 1)),
      () => add(database, revocationOf('a', 2, farMs + 1)),
      () => removeExpired(database, farMs),
    ]) {
      database.clock.advance(1000)
      const beforeMs = isInjected ? database.clock.now() : Date.now()
      await act()
      const afterMs = isInjected ? database.clock.now() : Date.now()
      const [list] = await database.read.statusLists.list()
      // PostgreSQL rounds to the next millisecond.
      t.ok(list !== undefined && list.revisedAtMs >= beforeMs && list.revisedAtMs <= afterMs + 1)
      t.ok(list !== undefined && list.readAtMs >= list.revisedAtMs && list.readAtMs < afterMs + 3_600_000)
    }
  })

  t.test('who revokes twice does no harm, and the bit stays set for the longer of both times', async t => {
    for (const order of [
      [farMs, farMs + 1],
      [farMs + 1, farMs],
    ]) {
      const database = await openWithLists(t, engine)
      for (const untilMs of order) await add(database, revocationOf('a', 1, untilMs), revocationOf('a', 1, untilMs))
      t.strictSame(await indices(database, 'a'), [1])
      t.equal(await removeExpired(database, farMs), 0)
      t.strictSame(await indices(database, 'a'), [1])
      t.equal(await removeExpired(database, farMs + 1), 1)
      t.strictSame(await indices(database, 'a'), [])
    }
  })

  t.test('revocations at once lose none, and count each in the revision', async t => {
    const database = await openWithLists(t, engine)
    const numbers = Array.from({ length: 30 }, (_, index) => index)
    await Promise.all(numbers.map(index => add(database, revocationOf(index % 2 === 0 ? 'a' : 'b', index))))
    t.strictSame([...(await indices(database, 'a')), ...(await indices(database, 'b'))].toSorted(), numbers.toSorted())
    t.match(await database.read.statusLists.list(), [{ revision: 5 + 15 }, { revision: 5 + 15 }])
  })

  t.test('a revocation whose work fails is neither shown nor counted', async t => {
    const database = await openWithLists(t, engine)
    const failing = () =>
      database.write(async ({ revocations }) => {
        await revocations.add([revocationOf('a', 1)])
        throw new Error('refused')
      })
    t.strictSame(await changedBy(database, () => t.rejects(failing(), { message: 'refused' })), [])
    t.strictSame(await indices(database, 'a'), [])
  })

  t.test('a list that is gone does not hinder a revocation, nor its end', async t => {
    const database = await openWithLists(t, engine)
    t.strictSame(await changedBy(database, () => add(database, revocationOf('gone', 1), revocationOf('b', 2))), ['b'])
    t.equal(await removeExpired(database, farMs), 2)
    t.strictSame(await indices(database, 'gone'), [])
  })

  t.test('a bit is cleared at its time and not a millisecond before, and its list changes', async t => {
    const database = await openWithLists(t, engine)
    await add(database, revocationOf('a', 1, farMs), revocationOf('b', 2, farMs + 1))
    t.strictSame(await changedBy(database, () => removeExpired(database, farMs - 1)), [])
    t.strictSame([await indices(database, 'a'), await indices(database, 'b')], [[1], [2]])
    t.strictSame(await changedBy(database, () => removeExpired(database, farMs)), ['a'])
    t.strictSame([await indices(database, 'a'), await indices(database, 'b')], [[], [2]])
    t.strictSame(await changedBy(database, () => removeExpired(database, farMs + 1)), ['b'])
    t.strictSame([await indices(database, 'a'), await indices(database, 'b')], [[], []])
  })

  t.test('bits are cleared in batches, the oldest first, and counted', async t => {
    const database = await openWithLists(t, engine)
    const revocations = [4, 2, 5, 1, 3].map(age => revocationOf('a', age, farMs - age))
    await add(database, ...revocations, revocationOf('a', 9, farMs + 1))
    for (const [removed, left] of [
      [2, [1, 2, 3, 9]],
      [2, [1, 9]],
      [1, [9]],
      [0, [9]],
    ] as const) {
      t.equal(await removeExpired(database, farMs, 2), removed)
      t.strictSame(await indices(database, 'a'), left)
    }
  })

  t.test('what is revoked again before a batch is chosen stays set, and the batch has room for others', async t => {
    const database = await openWithLists(t, engine)
    await add(database, ...[1, 2, 3, 4].map(index => revocationOf('a', index, farMs - 10 + index)))
    const removed = await database.write(async ({ revocations }) => {
      await revocations.add([revocationOf('a', 1, farMs + 1)])
      return revocations.removeExpired(farMs, 2)
    })
    t.equal(removed, 2)
    t.strictSame(await indices(database, 'a'), [1, 4])
  })

  t.test('a batch of any size changes the revision of each of its lists once', async t => {
    const database = await openWithLists(t, engine)
    const numbers = Array.from({ length: 500 }, (_, index) => index)
    await add(database, ...numbers.map(index => revocationOf(index % 2 === 0 ? 'a' : 'b', index)))
    const revisions = async () => (await database.read.statusLists.list()).map(({ revision }) => revision)
    const before = await revisions()
    t.equal(await removeExpired(database, farMs, 499), 499)
    t.strictSame(
      await revisions(),
      before.map(revision => revision + 1),
    )
    t.equal((await indices(database, 'a')).length + (await indices(database, 'b')).length, 1)
  })

  t.test('the same index of another list stays set', async t => {
    const database = await openWithLists(t, engine)
    await add(database, revocationOf('a', 1, farMs), revocationOf('b', 1, farMs + 1), revocationOf('a', 2, farMs + 1))
    t.equal(await removeExpired(database, farMs), 1)
    t.strictSame([await indices(database, 'a'), await indices(database, 'b')], [[2], [1]])
  })
}
