/** A database of version 0.1, in which everything is under way: sessions in each of their states, and acts that were cut short. */
import type { Test } from 'tap'
import { type EmptyDatabase, type Engine, farMs, farSeconds } from './records.ts'

type Value = string | number | null
type Row = Readonly<Record<string, Value>>

const literal = (value: Value) => (typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value))

export const secretsOfWebApp = [
  { id: 'secret_old', name: null, hash: 'hash-old', createdAtMs: farMs, expiresAtMs: null },
  { id: 'secret_new', name: "it's “new”", hash: 'hash-new', createdAtMs: farMs + 1, expiresAtMs: farMs + 9 },
]
const secretOfOff = { id: 'secret_off', name: 'ci', hash: 'hash-off', createdAtMs: farMs, expiresAtMs: null }

const user = (name: string, status = 'active'): Row => ({
  ...{ id: `user_${name}`, username: name, username_key: name, status },
  ...{ password_hash: `hash-of-${name}`, password_id: `password_${name}`, created_at_ms: farMs },
})

const client = (id: string, clientId: string, status: string, secrets: readonly object[], more: Row = {}): Row => ({
  ...{ id, client_id: clientId, status, is_public: 0, grants: '["password","refresh_token"]', scope: '["a:b"]' },
  ...{ audiences: '["https://api.example.com"]', introspect: '["https://api.example.com"]' },
  ...{ access_token_ttl_seconds: 300, secrets: JSON.stringify(secrets), created_at_ms: farMs },
  ...more,
})

const noIndex: Row = {
  ...{ status_list_id: null, status_index: null, status_leave_at_ms: null, status_last_expiry_ms: null },
  ...{ left_list_id: null, left_index: null, left_last_expiry_ms: null },
}
const index = (number: number): Row => ({
  ...{ status_list_id: 'list-2', status_index: number },
  ...{ status_leave_at_ms: farMs + 3000, status_last_expiry_ms: farMs + 500 },
})
const left = (number: number): Row => ({ left_list_id: 'list-1', left_index: number, left_last_expiry_ms: farMs + 400 })

const session = (name: string, more: Row): Row => ({
  ...{ id: `session_${name}`, user_id: 'user_alice', client_id: 'client_web-app', scope: '["a:b","c:d"]' },
  ...{ audiences: '["https://api.example.com"]', auth_time_seconds: farSeconds, created_at_ms: farMs },
  ...{ expires_at_ms: farMs + 1000, absolute_expires_at_ms: farMs + 2000, handle_hash: `handle-${name}` },
  ...{ current_hash: `current-${name}`, previous_hash: null, salt: null, rotated_at_ms: null },
  ...{ ended_at_ms: null, end_reason: null, address: '2001:db8::1', user_agent: 'Browser/1 “x”' },
  ...noIndex,
  ...more,
})
const rotated: Row = { previous_hash: 'previous', salt: 'salt', rotated_at_ms: farMs + 1 }

export const sessions: readonly Row[] = [
  session('live', { ...index(1), ...rotated }),
  session('half-moved', { ...index(2), ...left(7), ...rotated }),
  session('taken', { ...rotated }),
  session('unknown', { ...noIndex, address: null, user_agent: null }),
  session('no-family', { ...index(3), handle_hash: null, current_hash: null }),
  session('ended', { ...index(4), ...left(8), ended_at_ms: farMs, end_reason: 'sign_out' }),
  session('expired', { ...index(5), expires_at_ms: farMs - 1 }),
  session("bob's", { ...index(6), user_id: 'user_bob' }),
  session('of-disabled-client', { ...index(9), client_id: 'client_off' }),
  session('of-deleted-client', { ...index(10), client_id: 'client_gone' }),
  session('of-disabled-user', { ...index(11), user_id: 'user_carol', ended_at_ms: farMs, end_reason: 'user_disabled' }),
]

const tables: Readonly<Record<string, readonly Row[]>> = {
  users: [user('alice'), user('bob'), user('carol', 'disabled')],
  roles: [
    { name: 'editor', permissions: '["a:b","c:d"]' },
    // Being deleted: it gives nothing, and there are users who have it.
    { name: "writer's", permissions: '[]' },
  ],
  user_roles: [
    { user_id: 'user_alice', role_name: 'editor' },
    { user_id: 'user_alice', role_name: "writer's" },
    { user_id: 'user_bob', role_name: "writer's" },
  ],
  clients: [
    client('client_web-app', 'web-app', 'active', secretsOfWebApp),
    client('client_spa', 'spa', 'active', [], { is_public: 1, access_token_ttl_seconds: null }),
    client('client_off', 'off', 'disabled', [secretOfOff]),
    client('client_gone', 'web-app-2', 'deleted', []),
    client('client_again', 'web-app-2', 'active', []),
  ],
  client_origins: [{ origin: 'https://spa.example.com', client_id: 'client_spa' }],
  status_lists: [
    { id: 'list-1', state: 'closed', next_block: 4, revision: 9, opened_at_ms: farMs - 9, keep_until_ms: farMs + 9 },
    { id: 'list-2', state: 'open', next_block: 2, revision: 3, opened_at_ms: farMs, keep_until_ms: farMs + 99 },
  ],
  revocations: [
    { list_id: 'list-1', status_index: 8, until_ms: farMs + 700 },
    { list_id: 'list-2', status_index: 4, until_ms: farMs + 800 },
  ],
  sessions,
  signing_keys: [
    {
      ...{ kid: 'kid-1', state: 'active', public_jwk: '{"kty":"RSA","n":"n","e":"AQAB"}', created_at_ms: farMs },
      ...{ activates_at_ms: farMs, since_ms: farMs, cause: 'first_key', rotation_asked_at_ms: null },
      retires_at_ms: null,
    },
  ],
  instance: [{ id: 'database_1', epoch: 'epoch-1', backed_up_at_ms: null }],
  audit_events: [
    {
      ...{ id: 'event_1', type: 'user.add', occurred_at_ms: farMs, outcome: 'success', reason: null, actor: 'signet' },
      ...{ user_id: 'user_alice', client_id: null, session_id: null, target: null, address: null, user_agent: null },
      request_id: null,
    },
  ],
}

export const tablesOfOld = Object.keys(tables)

export async function openOld(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await engine.open(t)
  await database.migrateTo('0003-key-lifecycle')
  for (const [table, rows] of Object.entries(tables))
    for (const row of rows)
      await database.query(
        `INSERT INTO ${table} (${Object.keys(row)}) VALUES (${Object.values(row).map(literal).join(', ')})`,
      )
  return database
}
