import type { Test } from 'tap'
import { type EmptyDatabase, type Engine, farMs, openMigrated } from './records.ts'

const BLOCKS = 3

const listOf = (id: string, openedAtMs = farMs) => ({ id, openedAtMs, size: 2 ** 17, revision: 0 })

const open = ({ write }: EmptyDatabase, id: string, openedAtMs = farMs, keepUntilMs = farMs) =>
  write(({ statusLists }) => statusLists.open({ ...listOf(id, openedAtMs), keepUntilMs }))

/** No list has fewer than no blocks: whichever is open is closed. */
const close = ({ write }: EmptyDatabase, blocks = 0, afterMs = 0, untilMs = farMs + 1) =>
  write(({ statusLists }) => statusLists.close(blocks, { afterMs, untilMs }))

const claim = ({ write }: EmptyDatabase, afterMs = farMs - 1, blocks = BLOCKS, untilMs = farMs + 1) =>
  write(({ statusLists }) => statusLists.claimBlock(blocks, { afterMs, untilMs }))

const lists = async ({ read }: EmptyDatabase) => (await read.statusLists.list()).map(({ id }) => id)

export function statusListChecks(t: Test, engine: Engine): void {
  t.test('an open list gives each of its blocks once, in order, and then none', async t => {
    const database = await openMigrated(t, engine)
    await open(database, 'a')
    for (let block = 0; block < BLOCKS; block += 1) {
      t.strictSame(await claim(database), { list: listOf('a'), block })
    }
    t.equal(await claim(database), undefined)
    t.equal(await claim(database), undefined)
    t.strictSame(await claim(database, farMs - 1, BLOCKS + 1), { list: listOf('a'), block: BLOCKS })
  })

  t.test('there is no block without an open list', async t => {
    const database = await openMigrated(t, engine)
    t.equal(await claim(database), undefined)
    await open(database, 'a')
    await close(database)
    t.equal(await claim(database), undefined)
  })

  t.test('a list that was opened too long ago gives no block, to the millisecond', async t => {
    const database = await openMigrated(t, engine)
    await open(database, 'a', farMs)
    t.equal(await claim(database, farMs), undefined)
    t.equal(await claim(database, farMs + 1), undefined)
    t.equal((await claim(database, farMs - 1))?.block, 0)
  })

  t.test('blocks that are claimed at once are all different', async t => {
    const database = await openMigrated(t, engine)
    await open(database, 'a')
    const claimed = await Promise.all(Array.from({ length: 30 }, () => claim(database, farMs - 1, 25)))
    const blocks = claimed.map(found => found?.block).filter(block => block !== undefined)
    t.strictSame(
      blocks.toSorted((a, b) => a - b),
      Array.from({ length: 25 }, (_, block) => block),
    )
  })

  t.test('a claim whose work fails takes no block', async t => {
    const database = await openMigrated(t, engine)
    await open(database, 'a')
    const failing = database.write(async ({ statusLists }) => {
      await statusLists.claimBlock(BLOCKS, { afterMs: farMs - 1, untilMs: farMs })
      throw new Error('refused')
    })
    await t.rejects(failing, { message: 'refused' })
    t.equal((await claim(database))?.block, 0)
  })

  t.test('of those who open a list, the first one does, whatever its id', async t => {
    const database = await openMigrated(t, engine)
    await open(database, 'a', farMs, farMs)
    await claim(database)
    await open(database, 'b')
    await open(database, 'a', farMs + 5, farMs + 5)
    t.match(await database.read.statusLists.list(), [listOf('a')])
    t.strictSame(await claim(database), { list: listOf('a'), block: 1 })
    t.equal(await database.write(({ statusLists }) => statusLists.removeExpired(farMs)), 1)
  })

  t.test('of many who open a list at once, one does', async t => {
    const database = await openMigrated(t, engine)
    const ids = Array.from({ length: 10 }, (_, index) => `list-${index}`)
    await Promise.all(ids.map(id => open(database, id)))
    t.equal((await lists(database)).length, 1)
  })

  t.test('the open list is closed, and another one takes its place', async t => {
    const database = await openMigrated(t, engine)
    await close(database)
    await open(database, 'a')
    await claim(database)
    await close(database)
    t.equal(await claim(database), undefined)
    await open(database, 'b', farMs + 1)
    t.strictSame(await claim(database), { list: listOf('b', farMs + 1), block: 0 })
  })

  t.test('the list that was opened last is known with what it has handed out, open or closed', async t => {
    const database = await openMigrated(t, engine)
    const last = (untilMs = farMs + 1) => database.write(({ statusLists }) => statusLists.last(untilMs))
    t.equal(await last(), undefined)
    await open(database, 'b')
    await claim(database)
    await close(database)
    t.strictSame(await last(), { id: 'b', openedAtMs: farMs, size: 2 ** 17, claimedBlocks: 1 })
    await open(database, 'a', farMs + 1)
    t.strictSame(await last(), { id: 'a', openedAtMs: farMs + 1, size: 2 ** 17, claimedBlocks: 0 })
    t.match(await last(farMs), { id: 'b' }, 'until then')
  })

  t.test('a list of the future gives no block and is closed, whatever it has left, to the millisecond', async t => {
    const database = await openMigrated(t, engine)
    await open(database, 'a', farMs)
    t.equal(await claim(database, 0, BLOCKS, farMs - 1), undefined)
    t.equal((await claim(database, 0, BLOCKS, farMs))?.block, 0)
    await close(database, BLOCKS, 0, farMs)
    t.equal((await claim(database, 0, BLOCKS, farMs))?.block, 1, 'it is open still')
    await close(database, BLOCKS, 0, farMs - 1)
    t.equal(await claim(database, 0, BLOCKS, farMs), undefined)
    t.strictSame(await lists(database), ['a'], 'it is there for those who are in it')
  })

  t.test(
    'a list that has a block left and is young enough is not closed: another process has just opened it',
    async t => {
      const database = await openMigrated(t, engine)
      await open(database, 'a')
      const isOpen = async () => (await claim(database, 0, 100)) !== undefined
      await close(database, 1, farMs - 1)
      t.equal((await claim(database, farMs - 1, 1))?.block, 0)
      await close(database, 1, farMs - 1)
      t.notOk(await isOpen(), 'it is full')
      await open(database, 'b')
      await close(database, 1, farMs)
      t.notOk(await isOpen(), 'it is too old')
    },
  )

  t.test('a list that was closed is not opened again under its id', async t => {
    const database = await openMigrated(t, engine)
    await open(database, 'a')
    await claim(database)
    await close(database)
    await open(database, 'a')
    t.equal(await claim(database), undefined)
  })

  t.test('lists are listed by age, open and closed ones, and those of one moment by id', async t => {
    const database = await openMigrated(t, engine)
    t.strictSame(await lists(database), [])
    for (const [id, openedAtMs] of [
      ['a', farMs + 1],
      ['d', farMs],
      ['c', farMs],
      ['z', farMs - 1],
    ] as const) {
      await close(database)
      await open(database, id, openedAtMs)
    }
    t.strictSame(await lists(database), ['z', 'c', 'd', 'a'])
  })

  t.test('the next claim and the next reader see the revision of the moment', async t => {
    const database = await openMigrated(t, engine)
    await open(database, 'a')
    await database.write(({ revocations }) => revocations.add([{ listId: 'a', index: 1, untilMs: farMs }]))
    t.match(await database.read.statusLists.list(), [{ ...listOf('a'), revision: 1 }])
    t.strictSame(await claim(database), { list: { ...listOf('a'), revision: 1 }, block: 0 })
  })

  t.test('a list is removed at its time and not a millisecond before, and counted', async t => {
    const database = await openMigrated(t, engine)
    for (const [id, keepUntilMs] of [
      ['a', farMs + 1],
      ['b', farMs + 2],
      ['c', farMs + 2],
      ['d', farMs + 3],
    ] as const) {
      await close(database)
      await open(database, id, farMs, keepUntilMs)
    }
    const removeExpired = (nowMs: number) => database.write(({ statusLists }) => statusLists.removeExpired(nowMs))
    t.equal(await removeExpired(farMs), 0)
    t.equal(await removeExpired(farMs + 1), 1)
    t.strictSame(await lists(database), ['b', 'c', 'd'])
    t.equal(await removeExpired(farMs + 2), 2)
    t.strictSame(await lists(database), ['d'])
    t.equal(await removeExpired(farMs + 2), 0)
  })
}
