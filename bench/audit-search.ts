/**
 * How long the audit is searched, with as many events as a service has after a year: what an operator asks at night, and what finds
 * nothing. The database is filled by SQL, the searches go through the services of the command line, and each is timed in its first run.
 *
 *     npm run bench:audit-search
 *     npm run bench:audit-search -- --events 1000000
 *     npm run bench:audit-search -- --postgres postgres://…   # an empty database there, in the place of a SQLite file
 */
import { parseArgs } from 'node:util'
import Sqlite from 'better-sqlite3'
import pg from 'pg'
import type { AuditSearch } from '../src/audit/search.ts'
import type { AuditTrail } from '../src/audit/trail.ts'
import { createContainer } from '../src/compose/container.ts'
import { readConfig } from '../src/config/read-config.ts'
import { prepareService } from './service.ts'

const { values } = parseArgs({
  options: { events: { type: 'string', default: '5000000' }, postgres: { type: 'string' } },
})
const events = Number(values.events)
const DAY_MS = 86_400_000
const DAYS = 365
const now = Date.now()
const USERS = 50_000
const STEP = 500_000

/** One user who signs in as often as all others do in a day, as a monitoring probe does. */
const userOf = `'user_' || case when n % 20 = 0 then 0 else n % ${USERS} end`
const selected = `
  select
    'event_' || {hex} || '00000000000000000000',
    case when n % 100000 = 7 then 'signing_key.activate' when n % 4 = 0 then 'session.refresh' else 'user.sign_in' end,
    at, case when n % 10 = 0 then 'failure' else 'success' end, case when n % 10 = 0 then 'wrong_password' end, 'client',
    case when n % 50 <> 1 then ${userOf} end, 'client_' || (n % 5), 'session_' || n, null,
    '192.0.' || (n / 256 % 64) || '.' || (n % 256), 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
    'request-' || n, 1, case when n % 50 = 1 then 'hash_' || (n % 1000) end
  from rows`
const columns =
  'id, type, occurred_at_ms, outcome, reason, actor, user_id, client_id, session_id, target, address, user_agent, request_id, count, name_hash'
const atOf = `${now} - ${DAYS * DAY_MS} + cast(n * (${DAYS * DAY_MS}.0 / ${events}) as bigint)`
const people = `('user_' || n, 'seeded' || n, 'seeded' || n, 'active', 'none', 'password_' || n, 1)`
const userColumns = '(id, username, username_key, status, password_hash, password_id, created_at_ms)'
const clientColumns =
  '(id, client_id, status, is_public, grants, scope, audiences, introspect, created_at_ms, revision)'
const clientRows = Array.from(
  { length: 5 },
  (_, n) => `('client_${n}', 'seeded_${n}', 'active', 1, '[]', '[]', '[]', '[]', 1, 0)`,
).join(', ')

function fillSqlite(file: string): void {
  const database = new Sqlite(file)
  for (const pragma of ['journal_mode = delete', 'journal_mode = off', 'synchronous = off', 'cache_size = -200000'])
    database.pragma(pragma)
  const numbers = (from: number, to: number) =>
    `with recursive numbers (n) as (select ${from} union all select n + 1 from numbers where n + 1 < ${to})`
  database.exec(`insert into clients ${clientColumns} values ${clientRows}`)
  database.exec(`insert into users ${userColumns} ${numbers(0, USERS)} select ${people.slice(1, -1)} from numbers`)
  const indices = database
    .prepare<[], { name: string; sql: string }>(
      "select name, sql from sqlite_schema where type = 'index' and tbl_name = 'audit_events' and sql is not null",
    )
    .all()
  // Made after the rows, they take a tenth of the time.
  for (const { name } of indices) database.exec(`drop index ${name}`)
  for (let from = 0; from < events; from += STEP)
    database.exec(
      `insert into audit_events (${columns}) ${numbers(from, Math.min(from + STEP, events))},
       rows (n, at) as (select n, ${atOf} from numbers) ${selected.replace('{hex}', "printf('%012x', at)")}`,
    )
  for (const { sql } of indices) database.exec(sql)
  database.pragma('journal_mode = wal')
  database.close()
}

async function fillPostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`insert into clients ${clientColumns} values ${clientRows}`)
  await client.query(
    `insert into users ${userColumns} select ${people.slice(1, -1)} from generate_series(0, ${USERS - 1}) n`,
  )
  const { rows: indices } = await client.query<{ indexname: string; indexdef: string }>(
    "select indexname, indexdef from pg_indexes where tablename = 'audit_events' and indexname like '%_by_%'",
  )
  for (const { indexname } of indices) await client.query(`drop index ${indexname}`)
  for (let from = 0; from < events; from += STEP)
    await client.query(
      `insert into audit_events (${columns}) with rows as (
         select n, ${atOf} as at from generate_series(${from}::bigint, ${Math.min(from + STEP, events) - 1}) n
       ) ${selected.replace('{hex}', "lpad(to_hex(at), 12, '0')")}`,
    )
  for (const { indexdef } of indices) await client.query(indexdef)
  await client.query('vacuum analyze')
  await client.end()
}

const yesterday = { since: { agoSeconds: 2 * 86_400 }, until: { agoSeconds: 86_400 } }
const searches: readonly (readonly [words: string, search: AuditSearch])[] = [
  ['(the newest)', {}],
  ['--user NAME, of a day', { user: 'seeded77', ...yesterday }],
  ['--user NAME, of the year', { user: 'seeded77' }],
  ['--user of the busiest, of a day', { user: 'seeded0', ...yesterday }],
  [
    '--user of the busiest, --outcome failure, of the year',
    { user: 'seeded0', outcome: 'failure', types: ['user.add'] },
  ],
  ['--client ID, of a day', { client: 'seeded_1', ...yesterday }],
  ['--address ADDRESS, of the year', { address: '192.0.5.77' }],
  ['--user NAME --client ID, of the year', { user: 'seeded77', client: 'seeded_2' }],
  ['--type signing_key.activate, of the year', { types: ['signing_key.activate'] }],
  ['--type role.add, which finds nothing', { types: ['role.add'] }],
]

/** Of 100 events; the statements were run before, so that this is the work. */
async function timedPage(trail: AuditTrail, search: AuditSearch): Promise<string> {
  const begin = performance.now()
  await trail.page(search, undefined, 100)
  return (performance.now() - begin).toFixed(0)
}

const { environment, remove } = prepareService(34_573)
const surroundings = { ...environment, ...(values.postgres && { SIGNET_DATABASE_URL: values.postgres }) }
const open = () => createContainer(readConfig({ ...surroundings }), { logTo: { write: () => undefined } })
try {
  const empty = open()
  await empty.migrate()
  await empty.close()
  if (values.postgres === undefined) fillSqlite(environment.SIGNET_DATABASE_URL.slice('file:'.length))
  else await fillPostgres(values.postgres)
  const container = open()
  const trail = await container.auditTrail()
  console.log(`${events} events`)
  for (const [words, search] of searches) {
    const begin = performance.now()
    const found = await trail.list(search, 1000, () => undefined)
    const milliseconds = (performance.now() - begin).toFixed(0)
    console.log(`${milliseconds.padStart(6)} ms  audit list ${words}: ${found.events.length}${found.isAll ? '' : '+'}`)
    const page = await timedPage(trail, search)
    console.log(`${page.padStart(6)} ms  a page of it over HTTP`)
  }
  await container.close()
} finally {
  await remove()
}
