import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import type { Instance } from '../../../src/records/instance.ts'
import { type Engine, farMs, openMigrated } from './records.ts'

const first: Instance = {
  id: 'database_1',
  epoch: 'epoch-1',
  backedUpAtMs: null,
  serverIdentity: null,
  acceptedAtMs: null,
}
const second: Instance = {
  id: 'database_2',
  epoch: 'epoch-2',
  backedUpAtMs: null,
  serverIdentity: null,
  acceptedAtMs: null,
}

export function instanceChecks(t: Test, engine: Engine): void {
  t.test('a fresh database does not say which one it is', async t => {
    const { read } = await openMigrated(t, engine)
    t.equal(await read.instance.find(), undefined)
  })

  t.test('which database it is comes back with every field as it was stored', async t => {
    for (const instance of [first, { ...first, backedUpAtMs: farMs }]) {
      const { read, write } = await openMigrated(t, engine)
      await write(stores => stores.instance.insert(instance))
      t.strictSame(await read.instance.find(), instance)
    }
  })

  t.test('of those that say at once which database it is one wins, and whoever says so later sees that', async t => {
    const { read, write, query } = await openMigrated(t, engine)
    const insert = (instance: Instance) => write(stores => stores.instance.insert(instance))
    const said = [first, second, { ...first, epoch: 'epoch-3' }]
    await Promise.all(said.map(insert))
    const winner = await read.instance.find()
    t.ok(said.some(one => isDeepStrictEqual(one, winner)))
    await insert({ ...first, id: 'database_late' })
    t.strictSame(await read.instance.find(), winner)
    await t.rejects(query("INSERT INTO instance (id, epoch) VALUES ('database_3', 'epoch-3')"), 'nor past the store')
    t.equal((await query('SELECT * FROM instance')).length, 1)
  })

  t.test('a new epoch takes the mark of the backup away and leaves the id', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(stores => stores.instance.insert({ ...first, backedUpAtMs: farMs }))
    await write(stores => stores.instance.renew('epoch-2', null, 4))
    t.strictSame(await read.instance.find(), { ...first, epoch: 'epoch-2', acceptedAtMs: 4 })
  })

  t.test('a new epoch of a database that does not say which one it is makes no such row', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(stores => stores.instance.renew('epoch-2', null, 4))
    t.equal(await read.instance.find(), undefined)
  })
}
