/** What SQLite alone promises: private files, durable commits, and one lock among many processes. */
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { type Randomness, systemRandomness } from '../../src/randomness.ts'
import { openForReading, openForWriting } from '../../src/storage/engine/sqlite/connection.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import { addedRoles } from '../support/added-roles.ts'
import { testClock } from '../support/clock.ts'
import { temporaryFolder } from '../support/serve.ts'
import { startTogether } from '../support/together.ts'

const open = (path: string, randomness: Randomness = systemRandomness) =>
  openDatabase({ kind: 'sqlite', path }, { clock: testClock(), randomness })

async function openMigrated(t: Test, randomness?: Randomness) {
  const path = join(temporaryFolder(t), 'signet.sqlite')
  const database = await open(path, randomness)
  t.teardown(() => database.close())
  await database.migrate()
  return { ...database, path }
}

/** Another connection that holds the write lock until it is told to let go. */
function holdLock(t: Test, path: string) {
  const other = new Sqlite(path)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  return { release: () => void other.exec('COMMIT') }
}

const editor = { name: 'editor', permissions: ['posts:write'] }

t.test('the files of the database are for their owner only, whatever the umask', async t => {
  const umask = process.umask(0o022)
  t.teardown(() => void process.umask(umask))
  const folder = join(temporaryFolder(t), 'made', 'here')
  const database = await open(join(folder, 'signet.sqlite'))
  t.teardown(() => database.close())
  await database.migrate()
  await database.write(({ roles }) => roles.insert(editor))
  await database.read.roles.list()
  t.strictSame(readdirSync(folder).sort(), ['signet.sqlite', 'signet.sqlite-shm', 'signet.sqlite-wal'])
  for (const name of readdirSync(folder)) t.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
  t.equal(statSync(folder).mode & 0o777, 0o700, 'the folder')
})

t.test('a commit is on the disk when it returns, and references are checked', async t => {
  const path = join(temporaryFolder(t), 'signet.sqlite')
  const database = openForWriting(path)
  t.teardown(() => database.close())
  const FULL = 2
  t.equal(database.pragma('journal_mode', { simple: true }), 'wal')
  t.equal(database.pragma('synchronous', { simple: true }), FULL)
  t.equal(database.pragma('foreign_keys', { simple: true }), 1)
})

t.test('what is migrated already is opened and read while another process holds the lock', async t => {
  const { path, write } = await openMigrated(t)
  await write(({ roles }) => roles.insert(editor))
  holdLock(t, path)
  const beside = await open(path)
  t.teardown(() => beside.close())
  t.strictSame(await beside.migrate(), [])
  t.strictSame(addedRoles(await beside.read.roles.list()), [editor])
})

t.test('no connection lets the event loop stand still for longer than 20 ms', async t => {
  const path = join(temporaryFolder(t), 'signet.sqlite')
  for (const connect of [openForWriting, openForReading]) {
    const connection = connect(path)
    t.teardown(() => connection.close())
    t.ok(Number(connection.pragma('busy_timeout', { simple: true })) <= 20)
  }
})

t.test('readers can change nothing', async t => {
  const { read, path } = await openMigrated(t)
  const reader = openForReading(path)
  t.teardown(() => reader.close())
  t.throws(() => reader.exec('DELETE FROM roles'), { code: 'SQLITE_READONLY' })
  t.strictSame(addedRoles(await read.roles.list()), [])
})

t.test('the idle sessions of a user are looked for among what this user has through this client', async t => {
  const { write, path } = await openMigrated(t)
  const prepared = t.capture(Sqlite.prototype, 'prepare', Sqlite.prototype.prepare)
  await write(({ sessions }) => sessions.findIdle('user_alice', 'client_web-app', 49, 0, 200))
  const statements = prepared().map(({ args: [statement] }) => String(statement))
  prepared.restore()
  const [query, ...more] = statements.filter(statement => /from "sessions"/.test(statement))
  t.strictSame(more, [])
  const reader = openForReading(path)
  t.teardown(() => reader.close())
  const values = Array(query?.match(/\?/g)?.length ?? 0).fill(1)
  const plan = reader.prepare(`EXPLAIN QUERY PLAN ${query}`).all(...values) as readonly { readonly detail: string }[]
  const index = 'SEARCH sessions USING INDEX open_sessions_by_subject (subject_id=? AND client_id=?)'
  t.equal(plan[0]?.detail, index)
})

t.test('a file that a backup brought back with a wider mode is closed to others', async t => {
  const path = join(temporaryFolder(t), 'signet.sqlite')
  writeFileSync(path, '', { mode: 0o644 })
  chmodSync(path, 0o644)
  const database = await open(path)
  t.teardown(() => database.close())
  t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('four processes that write at once lose no write and meet no SQLITE_BUSY', async t => {
  const path = join(temporaryFolder(t), 'signet.sqlite')
  const times = 10
  const start = { words: [path, String(times)] }
  const parts = await startTogether(t, 'count-in-database.ts', [start, start, start, start])
  for (const { ended } of parts) t.strictSame(await ended, { code: 0, signal: null, stderr: '' })
  const database = await open(path)
  t.teardown(() => database.close())
  t.strictSame((await database.read.roles.find('counter'))?.permissions, [String(4 * times)])
})

t.test('kill -9 between two writes loses no write that was answered', async t => {
  const path = join(temporaryFolder(t), 'signet.sqlite')
  const [part] = await startTogether(t, 'count-in-database.ts', [{ words: [path, '1000000'] }])
  if (part === undefined) throw new Error('nothing was started')
  let answered = 0
  part.onLine(line => {
    answered = Number(line)
    if (answered >= 20) part.process.kill('SIGKILL')
  })
  t.match(await part.ended, { signal: 'SIGKILL' })
  const database = await open(path)
  t.teardown(() => database.close())
  const stored = Number((await database.read.roles.find('counter'))?.permissions[0])
  t.ok(stored >= answered && answered >= 20, `${stored} stored, ${answered} answered`)
})

t.test("a write waits for another process's lock while the event loop turns", async t => {
  let tries = 0
  const counting: Randomness = {
    bytes(size) {
      tries += 1
      return systemRandomness.bytes(size)
    },
  }
  const { read, write, path } = await openMigrated(t, counting)
  const lock = holdLock(t, path)
  let released = false
  // Only the event loop can bring us here, between two tries of the write.
  const releaseAfterThreeTries = () => {
    if (tries < 3) return void setImmediate(releaseAfterThreeTries)
    lock.release()
    released = true
  }
  setImmediate(releaseAfterThreeTries)
  const answeredAfterRelease = write(({ roles }) => roles.insert(editor)).then(() => released)
  t.equal(await answeredAfterRelease, true)
  t.strictSame(addedRoles(await read.roles.list()), [editor])
})

t.test('a write that waits is not refused because the machine stood still', async t => {
  const { now } = performance
  let tries = 0
  const standingStill: Randomness = {
    bytes(size) {
      tries += 1
      performance.now = () => now.call(performance) + tries * 60_000
      if (tries === 3) lock?.release()
      return systemRandomness.bytes(size)
    },
  }
  t.teardown(() => {
    performance.now = now
  })
  const { read, write, path } = await openMigrated(t, standingStill)
  const lock = holdLock(t, path)
  tries = 0
  await write(({ roles }) => roles.insert(editor))
  t.equal(tries, 3)
  t.strictSame(addedRoles(await read.roles.list()), [editor])
})

t.test('reads are answered while another process holds the lock', async t => {
  const { read, write, path } = await openMigrated(t)
  await write(({ roles }) => roles.insert(editor))
  const lock = holdLock(t, path)
  const waiting = write(({ roles }) => roles.setPermissions('editor', []))
  t.strictSame(addedRoles(await read.roles.list()), [editor])
  lock.release()
  await waiting
  t.strictSame(addedRoles(await read.roles.list()), [])
})

t.test('after 2 s of waiting for a lock all that waits is refused, and the next write works', async t => {
  // The shortest pauses, so that nearly all of the time is spent inside the tries.
  const shortestPauses: Randomness = { bytes: size => Buffer.alloc(size) }
  const { read, write, files, path } = await openMigrated(t, shortestPauses)
  const lock = holdLock(t, path)
  const startedMs = performance.now()
  const waiting = [write(({ roles }) => roles.insert(editor)), write(async () => 'nothing'), files?.begin()]
  for (const result of await Promise.allSettled(waiting)) {
    t.match(result, { status: 'rejected', reason: { name: 'StorageUnavailable', retryAfterSeconds: Number } })
    t.match(result, { reason: { message: "The database can't be used: database is locked (SQLITE_BUSY)." } })
  }
  const waitedMs = performance.now() - startedMs
  t.ok(waitedMs >= 2000 && waitedMs < 60_000, `waited ${waitedMs} ms`)
  lock.release()
  t.strictSame(addedRoles(await read.roles.list()), [])
  t.equal(await write(({ roles }) => roles.insert(editor)), true)
})

t.test('closing waits for the writes under way, and they are stored', async t => {
  const path = join(temporaryFolder(t), 'signet.sqlite')
  const database = await open(path)
  await database.migrate()
  const names = Array.from({ length: 300 }, (_, index) => `role-${index}`)
  let answers = 0
  for (const name of names) {
    database.write(({ roles }) => roles.insert({ name, permissions: ['a:b'] })).then(() => (answers += 1), t.error)
  }
  await database.close()
  t.equal(answers, names.length)
  const again = await open(path)
  t.teardown(() => again.close())
  t.equal(addedRoles(await again.read.roles.list()).length, names.length)
})
