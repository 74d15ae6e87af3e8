/** `signet backup FILE`: a whole copy, beside a service that goes on, and never half of one. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { rowsOf } from '../support/audit.ts'
import { commandLine, type Refused } from '../support/command-line.ts'
import { auditsAll, environmentOf, type Service, serve, temporaryFolder } from '../support/serve.ts'
import { change, changeEach, everythingIn, notOnPostgres, type Row, select } from '../support/sqlite.ts'
import { type Device, device, refreshed, withAlice } from '../support/status-list.ts'
import { startTogether } from '../support/together.ts'

const skip = notOnPostgres('which has tools of its own for this')

// Each has a database of its own.
t.jobs = 2

/** A service with alice, the command line on its database, and a folder for backups that is not the service's. */
async function toBackUp(t: Test) {
  const service = await withAlice(t, { environment: auditsAll })
  const operator = await commandLine(t, await environmentOf(service.folder))
  const folder = temporaryFolder(t)
  return { ...operator, service, folder, file: join(folder, 'backup.sqlite') }
}

/** A database of some thirty megabytes: so many steps of a copy that a service under load writes between two of them. */
function fillAudit(file: string): void {
  const rows = Array.from({ length: 120_000 }, (_, index) => [`event_old${index}`, 'x'.repeat(200)])
  const columns = 'id, type, occurred_at_ms, outcome, actor, user_agent'
  changeEach(file, `insert into audit_events (${columns}) values (?, 'user.sign_in', 0, 'success', 'client', ?)`, rows)
}

/** Devices that refresh without a pause until they are stopped; then it answers how often they did. */
function underLoad(service: Service, devices: readonly Device[]) {
  let goesOn = true
  const loops = devices.map(async first => {
    let [last, count] = [first, 0]
    for (; goesOn; count += 1) last = await refreshed(service, last)
    return count
  })
  return async () => {
    goesOn = false
    return (await Promise.all(loops)).reduce((sum, count) => sum + count)
  }
}

/** But for those of backups: the copy has one of its own. */
const auditIds = (file: string): string[] =>
  select(file, "select id from audit_events where type <> 'database.backup' order by rowid").map(({ id }) => id)

const backupsIn = (file: string) => rowsOf(file).filter(({ type }) => type === 'database.backup')

const refreshesIn = (file: string): number =>
  select(file, "select count(*) as count from audit_events where type = 'session.refresh'")[0]?.['count']

t.test('beside a service under load, the copy is of one moment, whole, and no refresh fails', { skip }, async t => {
  const { service, json, file } = await toBackUp(t)
  fillAudit(service.databaseFile)
  const devices = await Promise.all(Array.from({ length: 4 }, () => device(service)))
  const stopLoad = underLoad(service, devices)
  const before = auditIds(service.databaseFile)
  const refreshesBefore = refreshesIn(service.databaseFile)
  t.strictSame(await json(['backup', file]), { file })
  const refreshesAfter = refreshesIn(service.databaseFile)
  t.ok(await stopLoad(), 'no refresh failed')
  t.ok(refreshesAfter > refreshesBefore, 'the service went on meanwhile')

  t.strictSame(select(file, 'pragma integrity_check'), [{ integrity_check: 'ok' }])
  t.strictSame(select(file, 'pragma foreign_key_check'), [])
  const copied = auditIds(file)
  t.strictSame(copied.slice(0, before.length), before, 'all that was committed before')
  t.strictSame(copied, auditIds(service.databaseFile).slice(0, copied.length), 'and of later things the first ones')
  const sessions = (of: string) => select(of, 'select id from sessions order by rowid')
  t.strictSame(sessions(file), sessions(service.databaseFile))
})

/** What count-in-database.ts raises with each write. */
const COUNTER = "select permissions from roles where name = 'counter'"

t.test('the copy gets done although another process writes without a pause', { timeout: 100_000, skip }, async t => {
  const { service, json, file } = await toBackUp(t)
  fillAudit(service.databaseFile)
  const times = String(10 ** 6)
  const [writer] = await startTogether(t, 'count-in-database.ts', [{ words: [service.databaseFile, times] }])
  const started = Promise.withResolvers<void>()
  writer?.onNextLine(() => started.resolve())
  await started.promise
  const counted = () => Number(JSON.parse(String(select(service.databaseFile, COUNTER)[0]?.['permissions']))[0])
  const before = counted()
  t.strictSame(await json(['backup', file]), { file })
  t.ok(counted() > before, 'it wrote all the time')
  t.strictSame(select(file, 'pragma integrity_check'), [{ integrity_check: 'ok' }])
})

// Alone: the umask is the process's.
t.test(
  'the copy is one file for its owner only, without a log beside it, whatever the umask',
  { buffered: false, skip },
  async t => {
    const umask = process.umask(0)
    t.teardown(() => void process.umask(umask))
    const { service, text, folder, file } = await toBackUp(t)
    await device(service)
    const says = await text(['backup', file])
    t.match(says, `Wrote ${file}\n`)
    t.match(says, /no signing keys: also keep a copy of the key directory/)
    t.strictSame(readdirSync(folder), ['backup.sqlite'])
    t.equal(statSync(file).mode & 0o777, 0o600)
    const unmarked = (rows: Row[][]) =>
      rows.map(table =>
        table.filter(({ type }) => type !== 'database.backup').map(row => ({ ...row, backed_up_at_ms: null })),
      )
    const original = everythingIn(service.databaseFile)
    t.strictSame(unmarked(everythingIn(file)), unmarked(original), 'it has every row')
    const alone = new Sqlite(file, { readonly: true })
    t.teardown(() => alone.close())
    t.equal(alone.pragma('journal_mode', { simple: true }), 'delete')
  },
)

t.test('the copy is marked, the original is not, and no private key is in it', { skip }, async t => {
  const { service, json, file } = await toBackUp(t)
  const startMs = Date.now()
  await json(['backup', file])
  const [copy] = select(file, 'select * from instance')
  const [original] = select(service.databaseFile, 'select * from instance')
  t.same({ ...copy, backed_up_at_ms: null }, original)
  t.ok(copy?.['backed_up_at_ms'] >= startMs && copy?.['backed_up_at_ms'] <= Date.now())
  const bytes = readFileSync(file)
  for (const name of readdirSync(join(service.folder, 'keys')).filter(name => name.endsWith('.pem'))) {
    const [, line = ''] = readFileSync(join(service.folder, 'keys', name), 'utf8').split('\n')
    t.equal(line.length, 64)
    t.notOk(bytes.includes(line))
  }
})

t.test('who made a copy is in the audit once it is complete, in that of the copy, too', { skip }, async t => {
  const { service, json, refuses, text, file, folder } = await toBackUp(t)
  await refuses([{ words: ['backup', folder], code: 1, says: /exists already/ }])
  t.strictSame(backupsIn(service.databaseFile), [], 'what failed is not claimed')
  await json(['backup', file])
  const made = { type: 'database.backup', outcome: 'success', actor: `operator:${userInfo().username}`, reason: null }
  t.match(backupsIn(service.databaseFile), [made])
  t.match(backupsIn(file), [made])
  t.match(await text(['audit', 'verify']), /^The audit is whole/)
})

t.test('a copy is good although the database can no longer note it, and that is said', { skip }, async t => {
  const { service, folder } = await toBackUp(t)
  const full: Faults = { write: () => () => Promise.reject(new StorageUnavailable('The disk is full.')) }
  const { run } = await commandLine(t, service.environment, undefined, full)
  const file = join(folder, 'backup.sqlite')
  t.strictSame(await run(['backup', file, '--json']), {
    ...{ code: 0, stdout: `${JSON.stringify({ file })}\n` },
    stderr: 'The copy is complete, but the audit of the database does not have it: The disk is full.\n',
  })
  t.strictSame(select(file, 'pragma integrity_check'), [{ integrity_check: 'ok' }])
  t.strictSame([backupsIn(service.databaseFile).length, backupsIn(file).length], [0, 1])
})

t.test('it says which secret a restore needs beside the copy', { skip }, async t => {
  const environment = {
    SIGNET_KEYS_STORE: 'database',
    SIGNET_KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64url'),
  }
  const service = await serve(t, { environment })
  const { text } = await commandLine(t, service.environment)
  const says = await text(['backup', join(temporaryFolder(t), 'backup.sqlite')])
  t.match(says, /^It holds the private keys, encrypted: keep SIGNET_KEY_ENCRYPTION_KEY elsewhere/m)
})

t.test('a database that never served is marked, too', { skip }, async t => {
  const { json, environment } = await commandLine(t)
  await json(['migrate'])
  const file = join(temporaryFolder(t), 'backup.sqlite')
  await json(['backup', file])
  t.match(select(file, 'select * from instance'), [{ backed_up_at_ms: Number }])
  const original = environment['SIGNET_DATABASE_URL']?.slice('file:'.length) ?? ''
  t.strictSame(select(original, 'select * from instance'), [])
})

t.test('nothing that exists is replaced, not even by half, and nothing is left of what failed', { skip }, async t => {
  const { service, refuses, folder, file } = await toBackUp(t)
  const notes = join(folder, 'notes')
  writeFileSync(notes, 'mine')
  const cases: readonly Refused[] = [
    { words: ['backup', notes], code: 1, says: /notes exists already: a backup replaces nothing/ },
    { words: ['backup', folder], code: 1, says: /exists already/ },
    {
      words: ['backup', service.databaseFile],
      code: 1,
      says: /signet\.sqlite exists already: a backup replaces nothing\.\n$/,
    },
    { words: ['backup', join(folder, 'no', 'file')], code: 1, says: /no\/file can't be written: ENOENT/ },
    { words: ['backup', join(notes, 'file')], code: 1, says: /notes\/file can't be written: ENOTDIR/ },
    { words: ['backup'], code: 2, says: /missing required argument 'file'/ },
    { words: ['backup', file, 'more'], code: 2, says: /too many arguments/ },
  ]
  await refuses(cases)
  t.strictSame(readdirSync(folder), ['notes'])
  t.equal(readFileSync(notes, 'utf8'), 'mine')
})

t.test('a copy that breaks off takes its pieces with it', { skip }, async t => {
  const { service, refuses, folder, file } = await toBackUp(t)
  // A page that can't be marked: what fails after the pages were written.
  change(
    service.databaseFile,
    "create trigger no_mark before update on instance begin select raise(abort, 'full'); end",
  )
  await refuses([{ words: ['backup', file], code: 1, says: /backup\.sqlite can't be written: full/ }])
  t.strictSame(readdirSync(folder), [])
})

t.test('what another backup writes at the moment, or was cut short, is left alone and named', { skip }, async t => {
  const { refuses, json, folder, file } = await toBackUp(t)
  writeFileSync(`${file}.new`, 'half')
  await refuses([
    { words: ['backup', file], code: 1, says: /backup\.sqlite\.new exists already.*cut short.*remove it/ },
  ])
  t.equal(readFileSync(`${file}.new`, 'utf8'), 'half')
  t.strictSame(readdirSync(folder), ['backup.sqlite.new'])
  t.strictSame(await json(['backup', join(folder, 'other.sqlite')]), { file: join(folder, 'other.sqlite') })
})

t.test('where there is no database, none is made to be copied', { skip }, async t => {
  const folder = temporaryFolder(t)
  const { refuses } = await commandLine(t, await environmentOf(folder))
  const says = /^There is no database at .*signet\.sqlite\..*SIGNET_DATABASE_URL/
  await refuses([{ words: ['backup', join(folder, 'backup.sqlite')], code: 1, says }])
  t.strictSame(readdirSync(folder), [])
})

t.test('PostgreSQL is left to its own tools, without a connection to it', async t => {
  const folder = temporaryFolder(t)
  const url = 'postgres://signet:not-to-be-seen@127.0.0.1:1/signet'
  const { refuses } = await commandLine(t, { ...(await environmentOf(folder)), SIGNET_DATABASE_URL: url })
  await refuses([
    {
      words: ['backup', join(folder, 'backup.sqlite')],
      code: 1,
      says: /^PostgreSQL.*pg_dump, or a snapshot of the server\.\n$/,
    },
  ])
  t.strictSame(readdirSync(folder), [])
})
