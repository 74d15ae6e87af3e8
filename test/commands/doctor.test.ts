/** `signet doctor`: says what to mend, with exit code 1 if there is anything, and mends nothing itself. */
import { linkSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { addClient } from '../support/clients.ts'
import { commandLine } from '../support/command-line.ts'
import { mailServer } from '../support/mail-server.ts'
import { accepting } from '../support/restore.ts'
import { byTest, environmentOf, type Service, serve, temporaryFolder } from '../support/serve.ts'
import { contentOf, examine, MINUTE, startedBefore } from '../support/signing-keys.ts'
import { change, changeEach, everythingIn, notOnPostgres, select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'
import { unwrapped } from '../support/unwrapped.ts'

const skip = notOnPostgres('it is about the file')

// Each has a database of its own.
t.jobs = 2

const NOT_DURABLE =
  'A commit does not wait for the disk (synchronous_commit or fsync is off): what was acknowledged is lost when the server crashes. ' +
  'Run: ALTER ROLE … SET synchronous_commit = on, or turn fsync on.'
const notes = {
  'key encryption':
    'Off. Private keys are written as plain files, mode 0600; docs/runbooks/encrypt-key-files.md turns it on.',
  server: /^No server answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\. Other machines were not asked\.$/,
  'last backup':
    skip === false
      ? 'None by signet backup is known, and of other tools nothing is. docs/runbooks/backup.md'
      : "Not known: PostgreSQL's own tools make it. docs/postgresql.md#backup-and-restore",
}
const well = {
  ok: true,
  // What needs somebody comes first.
  findings: [
    // Only of a server. That of the tests waits for no disk.
    ...(skip === false ? [] : [{ check: 'durability', ok: true, problem: null, warning: NOT_DURABLE, note: null }]),
    ...Object.entries(notes).map(([check, note]) => ({ check, ok: true, problem: null, warning: null, note })),
    ...[
      ...['database', 'key directory', 'restore', 'clock', 'active key', 'standby key', 'audit key', 'sign-ins'],
      ...['imported passwords', 'forwarded addresses', 'credentials'],
    ].map(check => ({ check, ok: true, problem: null, warning: null, note: null })),
  ],
}

interface Found {
  readonly check: string
  readonly problem: string | null
  readonly warning: string | null
  readonly note: string | null
}

function lineOf({ check, problem, warning, note }: Found): string {
  const [word, said] = problem ? ['PROBLEM', problem] : warning ? ['WARNING', warning] : [note ? 'note' : 'ok', note]
  return `${word.padEnd(8)} ${check}${said ? `: ${said}` : ''}`
}

function notedIn({ folder }: Service): number {
  const [name = ''] = readdirSync(join(folder, 'keys')).filter(each => each.endsWith('.writes'))
  return Number(readFileSync(join(folder, 'keys', name), 'utf8'))
}

const doctorIn = async (t: Test, folder: string) => commandLine(t, await environmentOf(folder))

t.test('it is content with a healthy service, running or not, and changes nothing', async t => {
  const service = await serve(t)
  const { json, text } = await doctorIn(t, service.folder)
  // What its start has written is noted beside the keys within a second.
  if (skip === false)
    await until(
      async () => notedIn(service) === select(service.databaseFile, 'PRAGMA user_version')[0]?.['user_version'],
    )
  const everything = () => [contentOf(join(service.folder, 'keys')), everythingIn(service.databaseFile)]
  const before = everything()
  t.match(await json(['doctor']), well)
  t.strictSame(everything(), before, 'beside a running one')
  await service.stop()
  const { findings, ...more }: { findings: readonly Found[] } = await json(['doctor'])
  t.match({ findings, ...more }, well)
  t.equal(findings.length, well.findings.length)
  const printed = await text(['doctor'])
  t.equal(unwrapped(printed), findings.map(found => `${lineOf(found)}\n`).join(''))
  t.ok(
    printed.split('\n').every(line => line.length <= 80),
    'a terminal has eighty columns',
  )
  t.strictSame(everything(), before, 'on a stopped one')
})

t.test('people read what is wrong first, and scripts in the exit code', async t => {
  const where = await startedBefore(t)
  rmSync(where.active)
  const { run } = await doctorIn(t, where.folder)
  const { code, stdout, stderr } = await run(['doctor'])
  t.strictSame([code, stderr], [1, ''])
  const lines = unwrapped(stdout).trimEnd().split('\n')
  t.match(lines[0], /^PROBLEM {2}active key: The private key .*\.pem is missing/)
  t.equal(lines.filter(line => line.startsWith('PROBLEM')).length, 1)
  t.equal(lines.length, well.findings.length)
})

t.test('clients through which a guesser can keep a person out are told of, and nothing is to mend', async t => {
  const service = await serve(t)
  const { json, text } = await doctorIn(t, service.folder)
  await addClient(service, { clientId: 'public', isPublic: true, secret: undefined })
  await addClient(service, { clientId: 'machine', grants: ['client_credentials'] })
  t.match(await json(['doctor']), well)
  await addClient(service, { clientId: 'mail' })
  const { ok, findings } = await json(['doctor'])
  const { note } = findings.find(({ check }: { check: string }) => check === 'sign-ins')
  t.equal(ok, true)
  t.match(note, /^Somebody who guesses a person's password through mail also keeps that person out there for a while/)
  t.match(unwrapped(await text(['doctor'])), `note     sign-ins: ${note}\n`)
})

t.test('a client that does not say where people are is told of, and one that should say it and does not', async t => {
  const { service, signIn } = await mailServer(t)
  const environment = await environmentOf(service.folder)
  const tomorrow = { now: () => Date.now() + 25 * 60 * MINUTE }
  const told = async (clock?: typeof tomorrow) => {
    const { json } = await commandLine(t, environment, clock)
    const { ok, findings } = await json(['doctor'])
    const [signIns, forwarded] = ['sign-ins', 'forwarded addresses'].map(name =>
      findings.find(({ check }: { check: string }) => check === name),
    )
    return { ok, note: signIns.note, warning: forwarded.warning }
  }
  const settings = { grants: ['password'], scope: ['posts:read'] }
  await addClient(service, { clientId: 'radius', ...settings })
  t.equal((await signIn({ from: '203.0.113.7:1' })).status, 200)
  t.match(await told(), {
    ok: true,
    note: /^Somebody who guesses .* through chat, mail, radius, web-app also .* Sign-ins through radius, web-app show the client's own address/,
    warning: null,
  })
  t.equal((await signIn()).status, 200)
  const warning = /^Of the last 2 sign-ins through mail, 1 came without one address in x-dovecot-auth-remote:/
  t.match(await told(), { ok: true, warning })
  t.equal((await told(tomorrow)).warning, null, 'it speaks of a day')
  await service.clients.update('mail', { scope: ['posts:read'] }, byTest)
  t.equal((await told()).warning, null, 'what is from before it was set up is forgotten')
})

t.test('a database that has another name is warned of', { skip }, async t => {
  const service = await serve(t)
  const { json, text } = await doctorIn(t, service.folder)
  const link = join(service.folder, 'link.sqlite')
  linkSync(service.databaseFile, link)
  t.match(unwrapped(await text(['doctor'])), /^WARNING {2}database: The database file has 2 names/)
  t.equal((await json(['doctor'])).ok, true)
  rmSync(link)
  t.match(await json(['doctor']), well)
})

t.test('a damaged page is found, although the service would still start', { skip }, async t => {
  const where = await startedBefore(t)
  const rows = Array.from({ length: 2000 }, (_, index) => [`event_old${index}`, 'x'.repeat(200)])
  const columns = 'id, type, occurred_at_ms, outcome, actor, user_agent'
  changeEach(
    where.databaseFile,
    `insert into audit_events (${columns}) values (?, 'user.sign_in', 0, 'success', 'client', ?)`,
    rows,
  )
  const [{ pageno } = {}] = select(
    where.databaseFile,
    "select pageno from dbstat where name = 'audit_events' and pagetype = 'leaf' order by pageno desc limit 1 offset 5",
  )
  const file = openSync(where.databaseFile, 'r+')
  writeSync(file, Buffer.alloc(64, 0xff), 0, 64, (pageno - 1) * 4096)
  const { run } = await doctorIn(t, where.folder)
  const { code, stdout } = await run(['doctor', '--json'])
  t.equal(code, 1)
  const { ok, findings } = JSON.parse(stdout)
  t.equal(ok, false)
  t.match(findings[0], { check: 'database', ok: false, problem: /^The database is damaged: Tree.*Restore a backup\.$/ })
  await serve(t, { folder: where.folder })
})

t.test('what is no database is named once more for what needs it, and left as it is', { skip }, async t => {
  const { folder, databaseFile } = await startedBefore(t)
  writeFileSync(databaseFile, 'a letter to my mother, by no means a database')
  const before = contentOf(join(folder, 'db'))
  const { run } = await doctorIn(t, folder)
  const { code, stdout } = await run(['doctor', '--json'])
  t.equal(code, 1)
  const says = /signet\.sqlite can't be used: file is not a database/
  const wrong = JSON.parse(stdout).findings.filter(({ ok }: { ok: boolean }) => !ok)
  t.match(wrong[0], { check: 'database', problem: says })
  t.notOk(wrong.some(({ check }: { check: string }) => check === 'key directory'))
  t.strictSame(contentOf(join(folder, 'db')), before)
})

t.test('a clock that is behind what was written last is found; a minute may be', async t => {
  const where = await startedBefore(t)
  const columns = 'id, type, occurred_at_ms, outcome, actor'
  const at = (ms: number) =>
    change(
      where.databaseFile,
      `insert into audit_events (${columns}) values (?, 'user.sign_in', ?, 'success', 'client')`,
      `event_${ms.toString(16).padStart(12, '0')}${'0'.repeat(20)}`,
      ms,
    )
  const { json } = await doctorIn(t, where.folder)
  at(Date.now() + MINUTE / 2)
  t.match(await json(['doctor']), well)
  const laterMs = Date.now() + 10 * MINUTE
  at(laterMs)
  const found = await examine(t, where)
  t.strictSame(Object.keys(found), ['clock'])
  t.match(found['clock'], `the last event is of ${new Date(laterMs).toISOString()}. If the clock is behind, set it.`)
  t.match(found['clock'], /If it is right, it was ahead when that was written: .* signet keys revoke --all/)
})

t.test('where nothing is, it makes nothing and says which setting to look at', { skip }, async t => {
  const folder = temporaryFolder(t)
  const { run } = await doctorIn(t, folder)
  const { code, stdout } = await run(['doctor', '--json'])
  t.equal(code, 1)
  const { findings } = JSON.parse(stdout)
  const problemOf = (name: string) => findings.find(({ check }: { check: string }) => check === name).problem
  t.match(problemOf('database'), /^There is no database at .*signet\.sqlite\..*SIGNET_DATABASE_URL/)
  t.match(problemOf('key directory'), /^There is no key directory .*keys\..*SIGNET_KEYS_DIR/)
  t.strictSame(readdirSync(folder), [])
})

t.test('mistakes of the configuration are all told, with exit code 1 and nothing opened', async t => {
  const folder = temporaryFolder(t)
  const environment = { ...(await environmentOf(folder)), SIGNET_PORT: 'none', SIGNET_FROBNICATE: 'yes' }
  const { refuses } = await commandLine(t, environment)
  await refuses([
    { words: ['doctor'], code: 1, says: /^ {2}SIGNET_PORT is "none"/m },
    { words: ['doctor'], code: 1, says: /^ {2}SIGNET_FROBNICATE is not a variable/m },
    { words: accepting.keep, code: 1, says: /^ {2}SIGNET_PORT is "none"/m },
  ])
  t.strictSame(readdirSync(folder), [])
})

t.test('keys that wait to be encrypted are found, and stay as they are', async t => {
  const where = await startedBefore(t)
  const found = await examine(t, where, { SIGNET_KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64url') })
  t.strictSame(Object.keys(found), ['key encryption'])
  t.match(found['key encryption'], /^3 private keys are not encrypted: .* Run: signet keys rewrap$/)
})
