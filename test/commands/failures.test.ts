/** What a command says that can't do its work: why, in one line, and what helps; of what nobody expected, the stack. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { addedRoles } from '../support/added-roles.ts'
import { commandLine, signet } from '../support/command-line.ts'
import { databaseIn } from '../support/database-in.ts'
import { freePort } from '../support/free-port.ts'
import { signetProcess, signetUnread } from '../support/process.ts'
import { notOnPostgres } from '../support/sqlite.ts'

const skip = notOnPostgres('it is about the file')

// Each has a database of its own.
t.jobs = 2

t.test('a command that cannot write says why and what to do, and ends with 1', { skip }, async t => {
  const { environment, file } = await databaseIn(t)
  const { json, refuses } = await commandLine(t, environment)
  await json(['migrate'])
  const other = new Sqlite(file)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  const says =
    /^The database can't be used: database is locked \(SQLITE_BUSY\)\. .*run the command again.*docs\/error-messages\.md.*\n$/
  await refuses([{ words: ['roles', 'add', 'editor', '--permission', 'a:b'], code: 1, says }])
  other.exec('COMMIT')
  t.strictSame(addedRoles(await json(['roles', 'list'])), [])
})

t.test('a command is to be run again only where that can help', async t => {
  const add = ['roles', 'add', 'editor', '--permission', 'a:b']
  const failing = (error: Error): Faults => ({ write: () => () => Promise.reject(error) })
  const says = async (error: Error) => {
    const { environment } = await commandLine(t)
    const { code, stdout, stderr } = await signet(environment, add, '', undefined, failing(error))
    t.strictSame([code, stdout], [1, ''])
    return stderr
  }
  const pointer = 'docs/error-messages.md has what helps.\n'
  t.equal(
    await says(new StorageUnavailable('It is busy.')),
    `It is busy. What was done before stays done: run the command again. ${pointer}`,
  )
  t.equal(
    await says(new StorageUnavailable('The disk is full.', { mustBeMended: true })),
    `The disk is full. What was done before stays done: mend that, and then run the command again. ${pointer}`,
  )
  const { environment } = await databaseIn(t)
  const away = { ...environment, SIGNET_DATABASE_URL: `postgres://signet@127.0.0.1:${await freePort()}/signet` }
  for (const words of [add, ['users', 'list'], ['migrate', '--check']]) {
    const { code, stderr } = await signet(away, words)
    t.equal(code, 1)
    t.match(
      stderr,
      /^PostgreSQL can't be used: connect ECONNREFUSED [^ ]+\. docs\/error-messages\.md has what helps\.\n$/,
    )
  }
})

t.test('what nobody expected to fail is told with its stack', { skip }, async t => {
  const { environment, file } = await databaseIn(t)
  const { json, run } = await commandLine(t, environment)
  await json(['migrate'])
  const other = new Sqlite(file)
  other.exec('drop table client_origins')
  other.close()
  const { code, stderr } = await run(['clients', 'list'])
  t.equal(code, 1)
  t.match(stderr, /^SqliteError: no such table: client_origins\n {4}at /)
})

t.test('a command whose answer nobody reads on ends with 0 and without a complaint', async t => {
  const { environment } = await commandLine(t)
  for (const words of [
    ['roles', 'list'],
    ['sessions', 'list', '--json'],
  ]) {
    const { code, stderr } = await signetUnread(environment, words)
    t.strictSame([code, stderr], [0, ''], words.join(' '))
  }
})

t.test('an answer that cannot be written is told in one line, and ends with 1', async t => {
  const { environment } = await commandLine(t)
  const full = 'unset NODE_OPTIONS; exec "$0" "$@" > /dev/full'
  const main = fileURLToPath(new URL('../../src/signet.mjs', import.meta.url))
  for (const words of [
    ['roles', 'list'],
    ['audit', 'export'],
  ]) {
    const ran = await new Promise<{ code: unknown; stderr: string }>(resolve =>
      execFile('sh', ['-c', full, process.execPath, main, ...words], { env: environment }, (error, _, stderr) =>
        resolve({ code: error?.code ?? 0, stderr }),
      ),
    )
    t.strictSame(ran, { code: 1, stderr: 'The answer could not be written: ENOSPC: no space left on device, write\n' })
  }
})

t.test('serve says in one line that another process listens on its port, and ends with 1', async t => {
  const { environment } = await databaseIn(t)
  const other = createServer().listen(Number(environment['SIGNET_PORT']), '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { code, stderr } = await signetProcess(environment, ['serve'])
  t.equal(code, 1)
  t.match(stderr, /^Can't listen on 127\.0\.0\.1, port \d+: another process listens there\.\n$/)
})

t.test(
  'serve says in one line that it cannot listen at the management address, or where this machine is not',
  async t => {
    const { environment } = await databaseIn(t)
    const other = createServer().listen(Number(environment['SIGNET_MANAGEMENT_PORT']), '127.0.0.1')
    t.teardown(() => other.close())
    await once(other, 'listening')
    const taken = await signetProcess(environment, ['serve'])
    t.equal(taken.code, 1)
    t.match(taken.stderr, /^Can't listen on 127\.0\.0\.1, port \d+: another process listens there\.\n$/)
    const absent = { ...environment, SIGNET_MANAGEMENT_HOST: '192.0.2.7' }
    const elsewhere = await signetProcess(absent, ['serve'])
    t.equal(elsewhere.code, 1)
    t.match(elsewhere.stderr, /^Can't listen on 192\.0\.2\.7, port \d+: this machine has no such address\.\n$/)
  },
)

t.test('what is no database is refused with 1 and left as it is', { skip }, async t => {
  const { environment, file } = await databaseIn(t)
  mkdirSync(join(file, '..'))
  writeFileSync(file, 'a letter to my mother, by no means a database')
  const { refuses } = await commandLine(t, environment)
  await refuses([
    { words: ['users', 'list'], code: 1, says: /^The database .*signet\.sqlite can't be used: file is not a database/ },
  ])
})
