/** What no moment may leave behind in the database. */
import Sqlite from 'better-sqlite3'

/** As much as any verifier's clock may be slow. */
const TOLERANCE_MS = 5 * 60_000
/** Of a list, whatever its size. */
const BLOCKS = 1024

/** Each finds sessions that must not be; `@now` is the time. */
const rules: Readonly<Record<string, string>> = {
  'half of a rotation': `select id from sessions
    where (previous_hash is null) <> (salt is null) or (salt is null) <> (rotated_at_ms is null)`,
  'half of an end': 'select id from sessions where (ended_at_ms is null) <> (end_reason is null)',
  'an end without its audit event': `select id from sessions where ended_at_ms is not null and id not in
    (select session_id from audit_events where type = 'session.end' and session_id is not null)`,
  'half of an index': `select id from sessions where (status_list_id is null) <> (status_index is null)
    or (status_list_id is null) <> (status_leave_at_ms is null) or (status_list_id is null) <> (status_last_expiry_ms is null)
    or (left_list_id is null) <> (left_index is null) or (left_list_id is null) <> (left_last_expiry_ms is null)`,
  'an index of two sessions': `select group_concat(id, ' and ') as id from used
    group by list_id, status_index having count(distinct id) > 1`,
  'an index that nobody claimed': `select used.id from used left join status_lists on status_lists.id = list_id
    where next_block is null or status_index >= next_block * (size / ${BLOCKS})`,
  'an end without its revocation': `select used.id from used left join revocations using (list_id, status_index)
    where ended_at_ms is not null and last_expiry_ms + ${TOLERANCE_MS} > @now
    and (until_ms is null or until_ms < last_expiry_ms + ${TOLERANCE_MS})`,
  'a revoked index that is still in use': `select used.id from used join revocations using (list_id, status_index)
    where ended_at_ms is null`,
}

const used = `with used as (
  select id, ended_at_ms, status_list_id as list_id, status_index, status_last_expiry_ms as last_expiry_ms
  from sessions where status_list_id is not null
  union all select id, ended_at_ms, left_list_id, left_index, left_last_expiry_ms
  from sessions where left_list_id is not null)`

function inFile<T>(file: string, look: (database: Sqlite.Database) => T): T {
  const database = new Sqlite(file, { readonly: true, timeout: 5000 })
  try {
    return look(database)
  } finally {
    database.close()
  }
}

/** What is half done. */
export const halfDone = (file: string): string[] =>
  inFile(file, database =>
    Object.entries(rules).flatMap(([name, rule]) =>
      database
        .prepare<{ now: number }, { id: string }>(`${used} ${rule}`)
        .all({ now: Date.now() })
        .map(({ id }) => `${name}: ${id}`),
    ),
  )

/** What SQLite itself finds wrong with the file. */
export const brokenFile = (file: string): string[] =>
  inFile(file, database => {
    const integrity = database.pragma('integrity_check', { simple: true })
    const foreign = database.pragma('foreign_key_check') as object[]
    return [
      ...(integrity === 'ok' ? [] : [`integrity_check: ${integrity}`]),
      ...foreign.map(row => `foreign_key_check: ${JSON.stringify(row)}`),
    ]
  })
