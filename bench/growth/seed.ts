/**
 * A database as a service of some months has it, written by SQL: a session each few milliseconds of the last 90 days, four a user,
 * through twenty clients; some have ended, some have expired, few have a live access token. Some thousand of them, all over the
 * table, have refresh tokens that the benchmark knows, and some belong to one client that it revokes.
 */
import Sqlite from 'better-sqlite3'
import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { encodeRefreshToken } from '../../src/oauth/sessions/refresh-token.ts'
import { systemRandomness } from '../../src/randomness.ts'
import { hashOf } from '../../src/records/opaque-token.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import { addAccountsBefore, audience } from '../accounts.ts'
import type { Environment } from '../service.ts'

const DAY_MS = 86_400_000
/** The client whose sessions are revoked together. */
export const REVOKED_CLIENT = 'seeded_revoked'
/** Rows of one transaction. */
const STEP = 500_000

const handleOf = (index: number): string => index.toString(16).padStart(32, '0')
const secretOf = (index: number): string => index.toString(16).padStart(64, '0')

/** Evenly: true `of` times between 0 and `count`. */
const isOneOf = (of: number, count: number, shift = 0) =>
  `((n + ${shift}) * ${of} / ${count} <> (n + ${shift + 1}) * ${of} / ${count})`
const unguessable = 'substr(hex(randomblob(22)), 1, 43)'

/** The sessions from `:from` to `:to`. */
function insertSessions(count: number, users: number, known: number, revoked: number): string {
  const isKnown = isOneOf(known, count)
  const isRevoked = `(not ${isKnown} and ${isOneOf(revoked, count, 1)})`
  return `
    insert into sessions (
      id, subject_id, client_id, revision, scope, audiences, auth_time_seconds, created_at_ms, expires_at_ms,
      absolute_expires_at_ms, handle_hash, current_hash, previous_hash, salt, rotated_at_ms, ended_at_ms, end_reason, address,
      user_agent, status_list_id, status_index, status_leave_at_ms, status_last_expiry_ms
    )
    with recursive
      numbers (n, now) as (select cast(:from as integer), cast(:now as integer) union all select n + 1, now from numbers where n + 1 < :to),
      kinds as (
        select n, now, ${isKnown} as is_known, ${isRevoked} as is_revoked, now - 89 * ${DAY_MS} + cast(n * (89.0 * ${DAY_MS} / ${count}) as integer) as created
        from numbers
      ),
      states as (
        select *, case when is_known or is_revoked then 'live' when n % 20 = 16 then 'expired' when n % 10 = 0 then 'ended' when n % 200 = 4 then 'live' else 'idle' end as state
        from kinds
      )
    select
      'session_' || printf('%012x', created) || lower(hex(randomblob(10))),
      'user_' || printf('%032x', n % ${users}),
      case when is_known then :client when is_revoked then '${REVOKED_CLIENT}' else 'seeded_' || (n % 20) end,
      0, '["posts:read"]', '["${audience}"]', created / 1000, created,
      case state when 'expired' then now - 3600000 else now + ${DAY_MS} + n % 1000 * 1000000 end,
      created + 90 * ${DAY_MS},
      case when is_known then hash_of_handle(n * ${known} / ${count}) else ${unguessable} end,
      case when is_known then hash_of_secret(n * ${known} / ${count}) else ${unguessable} end,
      ${unguessable}, ${unguessable}, max(created, now - ${DAY_MS} - n % 1000000 * 1000),
      case state when 'ended' then now - 3600000 end, case state when 'ended' then 'token_revoked' end,
      '192.0.' || (n / 256 % 256) || '.' || (n % 256), 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/143.0 Safari/537.36',
      :list, n % 524288, now + 23 * 3600000,
      case state when 'live' then now + 600000 else created + 600000 end
    from states
  `
}

/** Indices are made after the rows, which takes a tenth of the time. */
function withoutIndices(database: Sqlite.Database, work: () => void): void {
  const indices = database
    .prepare<[], { name: string; sql: string }>(
      "select name, sql from sqlite_schema where type = 'index' and tbl_name = 'sessions' and sql is not null",
    )
    .all()
  for (const { name } of indices) database.exec(`drop index ${name}`)
  work()
  for (const { sql } of indices) database.exec(sql)
}

function insertParties(database: Sqlite.Database, users: number): void {
  const clientIds = [REVOKED_CLIENT, ...Array.from({ length: 20 }, (_, index) => `seeded_${index}`)]
  const columns = `status, is_public, grants, scope, audiences, introspect, access_token_ttl_seconds, created_at_ms, revision`
  for (const id of clientIds)
    database
      .prepare(
        `insert into clients (id, client_id, ${columns}) select ?, ?, ${columns} from clients where client_id = 'bench'`,
      )
      .run(id, id)
  const numbers = `with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < ${users})`
  database.exec(`
    insert into users (id, username, username_key, status, password_hash, password_id, created_at_ms)
    ${numbers} select 'user_' || printf('%032x', n), 'seeded' || n, 'seeded' || n, 'active', password_hash, password_id, created_at_ms
    from numbers, (select * from users where username = 'bench')
  `)
  database.exec(
    `insert into user_roles (user_id, role_name) ${numbers} select 'user_' || printf('%032x', n), 'reader' from numbers`,
  )
}

/** A closed list of the past, whose indices the sessions have. */
async function openList(environment: Environment): Promise<void> {
  const sources = { clock: systemClock, randomness: systemRandomness }
  const database = await openDatabase(readConfig(environment).database, sources)
  const nowMs = systemClock.now()
  await database.write(async ({ statusLists }) => {
    await statusLists.open({
      id: 'seeded',
      openedAtMs: nowMs - 3_600_000,
      size: 2 ** 20,
      revision: 0,
      keepUntilMs: nowMs + 2 * DAY_MS,
    })
    await statusLists.closeOpen()
  })
  await database.close()
}

/** @returns refresh tokens of sessions all over the table, in the order of time */
export async function seed(environment: Environment, file: string, sessions: number): Promise<string[]> {
  const { clientId } = await addAccountsBefore(environment)
  await openList(environment)
  const [users, known, revoked] = [
    Math.ceil(sessions / 4),
    Math.min(sessions / 2, 8192),
    Math.min(sessions / 4, 10_000),
  ]
  const database = new Sqlite(file)
  try {
    // What is lost is made again.
    for (const pragma of ['journal_mode = delete', 'journal_mode = off', 'synchronous = off', 'cache_size = -200000'])
      database.pragma(pragma)
    database.function('hash_of_handle', (index: number) => hashOf(handleOf(index)))
    database.function('hash_of_secret', (index: number) => hashOf(secretOf(index)))
    insertParties(database, users)
    withoutIndices(database, () => {
      const insert = database.prepare(insertSessions(sessions, users, known, revoked))
      for (let from = 0; from < sessions; from += STEP)
        insert.run({ from, to: Math.min(from + STEP, sessions), now: Date.now(), client: clientId, list: 'seeded' })
    })
    database.pragma('journal_mode = wal')
  } finally {
    database.close()
  }
  return Array.from({ length: known }, (_, index) =>
    encodeRefreshToken({ handle: handleOf(index), secret: secretOf(index) }),
  )
}
