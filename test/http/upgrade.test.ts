import { readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { type Test, test } from 'tap'
import * as first from '../../db/migrations/0001-main-path.ts'
import type { Signer } from '../../src/records/signing-key.ts'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { api, claimsOf, headerOf, secret } from '../support/serve.ts'
import { notOnPostgres, sessionsOf } from '../support/sqlite.ts'
import { device, isRevoked, refreshed, restarted, revoke, withAlice } from '../support/status-list.ts'

/** What had another name or another place then. */
const before: Readonly<Record<string, string>> = {
  user_id: 'subject_id',
  secrets: `(select json_group_array(json_object('id', id, 'name', name, 'hash', hash,
    'createdAtMs', created_at_ms, 'expiresAtMs', expires_at_ms)) from new.credentials where owner_id = clients.id)`,
}

/** Puts in the place of the database one that knows the first migration alone, with the same users, clients and sessions. */
async function downgrade(file: string): Promise<void> {
  const old = `${file}-old`
  const database = new Sqlite(old)
  const db = new Kysely({ dialect: new SqliteDialect({ database }) })
  const provider = { getMigrations: async () => ({ '0001-main-path': first }) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw error
  database.prepare('attach ? as new').run(file)
  for (const table of ['users', 'roles', 'user_roles', 'clients', 'client_origins', 'sessions', 'signing_keys']) {
    const columns = database
      .prepare<[], { name: string }>(`pragma main.table_info(${table})`)
      .all()
      .map(({ name }) => name)
    const values = columns.map(name => (table === 'user_roles' ? name : (before[name] ?? name)))
    database.prepare(`insert into main.${table} (${columns}) select ${values} from new.${table}`).run()
  }
  database.close()
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
  renameSync(old, file)
}

/** A service of the version before status lists, upgraded: a device, and an access token as that version made them. */
async function upgraded(t: Test) {
  const clock = testClock()
  let signer: Signer | undefined
  const before = await withAlice(t, {
    clock,
    faults: {
      signer: real => {
        signer = real
        return real
      },
    },
  })
  const old = await device(before)
  const { status: _, ...claims } = claimsOf(old.access)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode(headerOf(old.access))}.${encode(claims)}`
  const oldAccess = `${input}.${(await signer?.sign(Buffer.from(input)))?.toString('base64url')}`
  await before.stop()
  await downgrade(before.databaseFile)
  // That version wrote nothing but keys there.
  const keys = join(before.folder, 'keys')
  for (const name of readdirSync(keys)) if (/\.(epoch|writes)$/.test(name)) rmSync(join(keys, name))
  const service = await restarted(t, before, { clock })
  await addClient(service, { clientId: 'resource', introspect: [api] })
  const isActive = async (token: string) =>
    (await service.get('/oauth/introspect', { form: { token }, client: ['resource', secret] })).body.active
  return { service, clock, old, oldAccess, isActive }
}

test('a session from before the upgrade is refreshed, and its tokens can be revoked from then on', {
  skip: notOnPostgres('it takes the schema back by hand'),
}, async t => {
  const { service, old, isActive } = await upgraded(t)
  t.match(sessionsOf(service.databaseFile), [{ id: old.sid, status_list_id: null, address: null }])
  const next = await refreshed(service, old)
  t.equal(next.sid, old.sid)
  t.match(sessionsOf(service.databaseFile), [{ status_index: next.status.idx, left_list_id: null }])
  t.equal(await isRevoked(next.status), false)
  t.equal(await isActive(next.access), true)
  t.same((await refreshed(service, old)).status, next.status, 'a repetition in the grace, too')
  await revoke(service, next.refreshToken)
  t.equal(await isRevoked(next.status), true)
  t.equal(await isActive(next.access), false)
})

test('a session from before the upgrade can be revoked without having been refreshed', {
  skip: notOnPostgres('it takes the schema back by hand'),
}, async t => {
  const { service, old } = await upgraded(t)
  t.equal((await revoke(service, old.refreshToken)).status, 200)
  t.match(sessionsOf(service.databaseFile), [{ end_reason: 'token_revoked' }])
  const sweep = await (await service.container.janitor()).sweep()
  t.equal(sweep.sessions, 1)
})

test('an access token from before the upgrade, which has no status, is no fault of ours', {
  skip: notOnPostgres('it takes the schema back by hand'),
}, async t => {
  const { service, oldAccess, isActive } = await upgraded(t)
  t.equal(await isActive(oldAccess), false)
  t.equal((await revoke(service, oldAccess)).status, 200)
  t.equal((await service.get('/me', { headers: { authorization: `Bearer ${oldAccess}` } })).status, 401)
})
