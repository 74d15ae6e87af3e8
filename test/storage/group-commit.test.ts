/** Works that arrive together share one COMMIT, and only that. */
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { systemRandomness } from '../../src/randomness.ts'
import type { RoleStore } from '../../src/records/role.ts'
import type { Stores, Write } from '../../src/records/unit-of-work.ts'
import { createGroupCommit, type WriteConnection } from '../../src/storage/engine/group-commit.ts'
import { openForWriting, toStorageError, writeConnection } from '../../src/storage/engine/sqlite/connection.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import { testClock } from '../support/clock.ts'
import { temporaryFolder } from '../support/serve.ts'

const sources = { clock: testClock(), randomness: systemRandomness }

class Refused extends Error {
  override readonly name = 'Refused'
}

async function openMigrated(t: Test) {
  const path = join(temporaryFolder(t), 'signet.sqlite')
  const database = await openDatabase({ kind: 'sqlite', path }, sources)
  const beside = new Sqlite(path, { readonly: true })
  t.teardown(async () => {
    beside.close()
    await database.close()
  })
  await database.migrate()
  const names = beside.prepare<[], string>("SELECT name FROM roles WHERE name <> 'signet-admin' ORDER BY name").pluck()
  return {
    ...database,
    path,
    /** The names of the roles that another connection sees: what was committed. */
    committed: () => names.all(),
    isSound: () => beside.pragma('integrity_check', { simple: true }) === 'ok',
  }
}

/** The writer of a migrated database, with a connection in which the test can put faults. */
function writerOf(t: Test, path: string, faults: (connection: WriteConnection) => Partial<WriteConnection>) {
  const file = openForWriting(path)
  t.teardown(() => void file.close())
  const insert = file.prepare('INSERT INTO roles (name, permissions) VALUES (?, ?)')
  const roles: Pick<RoleStore, 'insert'> = {
    insert: async ({ name, permissions }) => insert.run(name, JSON.stringify(permissions)).changes === 1,
  }
  const connection = writeConnection(
    file,
    { assertInPlace: () => {}, assertNotBehind: () => {}, committed: () => {} },
    () => 1,
  )
  const { write } = createGroupCommit({
    connection: { ...connection, ...faults(connection) },
    // The works of this file ask for nothing else.
    stores: { roles } as Stores,
    singleStores: () => ({ roles }) as Stores,
    acquire: async begin => begin(),
    toError: toStorageError,
  })
  return { file, write }
}

const insert =
  (name: string, permissions: readonly string[] = ['a:b']) =>
  ({ roles }: Stores) =>
    roles.insert({ name, permissions })

const insertAndThrow = (name: string) => async (stores: Stores) => {
  await insert(name)(stores)
  throw new Refused()
}

/** What becomes of works that are queued in one moment. */
const together = async (
  write: Write,
  works: readonly ((stores: Stores) => Promise<unknown>)[],
  size?: 'one statement',
) =>
  (await Promise.allSettled(works.map(work => write(work, size)))).map(result =>
    result.status === 'fulfilled' ? 'done' : String(result.reason.name),
  )

t.test('works that are queued together are answered after the one commit that stores all of them', async t => {
  const { write, committed } = await openMigrated(t)
  const seen: (readonly [string, readonly string[]])[] = []
  const observed = async (name: string) => {
    await write(async stores => {
      seen.push([`in ${name}`, committed()])
      await insert(name)(stores)
    })
    seen.push([`after ${name}`, committed()])
  }
  await Promise.all(['a', 'b', 'c'].map(observed))
  t.strictSame(seen, [
    ['in a', []],
    ['in b', []],
    ['in c', []],
    ['after a', ['a', 'b', 'c']],
    ['after b', ['a', 'b', 'c']],
    ['after c', ['a', 'b', 'c']],
  ])
})

t.test('a work that throws shares the commit, and undoes no more than its own savepoint', async t => {
  const { write, committed } = await openMigrated(t)
  const first = write(insert('a')).then(committed)
  const rest = together(write, [insertAndThrow('b'), insert('c')])
  t.strictSame(await first, ['a', 'c'])
  t.strictSame(await rest, ['Refused', 'done'])
})

t.test('a long queue is committed in parts, so that other processes get the lock in between', async t => {
  const { write, committed } = await openMigrated(t)
  const works = Array.from({ length: 500 }, (_, index) => write(insert(`role-${index}`)).then(() => committed().length))
  const [first = 0] = await Promise.all(works)
  t.ok(first > 1 && first <= 200, `${first} in the first commit`)
  t.equal(committed().length, 500)
})

t.test('a COMMIT that fails rejects every work of its batch and stores none; the next batch works', async t => {
  const { path, committed } = await openMigrated(t)
  let broken = true
  const { write } = writerOf(t, path, connection => ({
    commit() {
      if (broken) throw new Sqlite.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC')
      connection.commit()
    },
  }))
  const refused = 'StorageUnavailable'
  t.strictSame(await together(write, [insert('a'), insert('b'), insert('c')]), [refused, refused, refused])
  t.strictSame(committed(), [])
  broken = false
  t.strictSame(await together(write, [insert('a'), insertAndThrow('d'), insert('c')]), ['done', 'Refused', 'done'])
  t.strictSame(committed(), ['a', 'c'])
})

t.test('a BEGIN that fails rejects all that waits, runs none of it, and the next batch works', async t => {
  const { path, committed } = await openMigrated(t)
  let broken = true
  const { write } = writerOf(t, path, connection => ({
    begin() {
      if (broken) throw new Sqlite.SqliteError('database is locked', 'SQLITE_BUSY')
      connection.begin()
    },
  }))
  let ran = false
  const running = async () => {
    ran = true
  }
  t.strictSame(await together(write, [insert('a'), running]), ['StorageUnavailable', 'StorageUnavailable'])
  t.equal(ran, false)
  broken = false
  t.strictSame(await together(write, [insert('a')]), ['done'])
  t.strictSame(committed(), ['a'])
})

t.test('works of one statement take no savepoint, and one that fails undoes nothing of those beside it', async t => {
  const { path, committed } = await openMigrated(t)
  let savepoints = 0
  const { write } = writerOf(t, path, connection => ({
    savepoint() {
      savepoints += 1
      connection.savepoint()
    },
  }))
  const failing = async () => {
    throw new Sqlite.SqliteError('FOREIGN KEY constraint failed', 'SQLITE_CONSTRAINT_FOREIGNKEY')
  }
  const results = await Promise.allSettled([
    write(insert('a')),
    write(insert('b'), 'one statement'),
    write(failing, 'one statement'),
    write(insertAndThrow('c')),
    write(insert('d'), 'one statement'),
    write(insert('e')),
  ])
  const statuses = results.map(({ status }) => status)
  t.strictSame(statuses, ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled'])
  t.strictSame(committed(), ['a', 'b', 'd', 'e'])
  t.equal(savepoints, 3)
})

const sizes = [undefined, 'one statement'] as const
for (const size of sizes) {
  t.test(
    `a full disk refuses what does not fit, keeps what was stored, and is got over: ${size ?? 'any work'}`,
    async t => {
      const { path, committed, isSound, write: unlimited } = await openMigrated(t)
      await unlimited(insert('before'))
      const { file, write } = writerOf(t, path, () => ({}))
      const pages = Number(file.pragma('page_count', { simple: true }))
      const large = Array.from({ length: 10_000 }, (_, index) => `permission:${index}`)

      file.pragma(`max_page_count = ${pages}`)
      const [small, tooLarge, behind] = await together(
        write,
        [insert('small'), insert('large', large), insert('behind')],
        size,
      )
      t.equal(tooLarge, 'StorageUnavailable')
      // The database may undo the whole transaction: then what shared it is told so. Only what was answered is stored.
      const done = Object.entries({ small, behind }).filter(([, answer]) => answer === 'done')
      t.strictSame(committed(), ['before', ...done.map(([name]) => name)].sort())
      t.ok(isSound())

      file.pragma(`max_page_count = ${pages + 1000}`)
      t.strictSame(await together(write, [insert('large', large)], size), ['done'])
      t.ok(committed().includes('large'))
      t.ok(isSound())
    },
  )
}
