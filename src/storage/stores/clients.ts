import { type Kysely, sql } from 'kysely'
import type { Client, ClientFilter, ClientReader, ClientStore } from '../../records/client.ts'
import type { ClientKey } from '../../records/client-key.ts'
import type { ClientTrust } from '../../records/client-trust.ts'
import { type Credential, ownKinds } from '../../records/credential.ts'
import type { Status } from '../../records/standing.ts'
import { type Executor, notDeleted, type Param, prepared } from '../engine/prepared.ts'
import type { ClientsTable, CredentialsTable, Schema } from '../engine/schema.ts'
import { prepareClientChanges } from './client-changes.ts'

const toCredential = (row: CredentialsTable): Credential => ({
  id: row.id,
  name: row.name,
  hash: row.hash,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  lastUsedAtMs: row.last_used_at_ms,
})

const toKey = (row: CredentialsTable): ClientKey => ({
  id: row.id,
  source: JSON.parse(row.data as string),
  createdAtMs: row.created_at_ms,
  lastUsedAtMs: row.last_used_at_ms,
})

/** Of a trust with the name of its issuer. */
type OwnRow = CredentialsTable & { readonly issuer_name: string | null }

const toTrust = (row: OwnRow): ClientTrust => ({
  id: row.id,
  issuerId: row.issuer_id as string,
  issuerName: row.issuer_name,
  conditions: JSON.parse(row.data as string).conditions,
  createdAtMs: row.created_at_ms,
  lastUsedAtMs: row.last_used_at_ms,
})

const toClient = (row: ClientsTable, credentials: readonly OwnRow[]): Client => ({
  id: row.id,
  clientId: row.client_id,
  status: row.status,
  isPublic: row.is_public === 1,
  grants: JSON.parse(row.grants),
  scope: JSON.parse(row.scope),
  audiences: JSON.parse(row.audiences),
  introspect: JSON.parse(row.introspect),
  accessTokenTtlSeconds: row.access_token_ttl_seconds,
  grantsPerMinute:
    row.grants_per_minute === null ? null : { client: row.grants_per_minute, subject: row.grants_per_minute_subject },
  mayGrant: JSON.parse(row.may_grant),
  forwardsAddress: row.forwards_address,
  secrets: credentials.filter(({ kind }) => kind === 'client_secret').map(toCredential),
  keys: credentials.filter(({ kind }) => kind === 'client_key').map(toKey),
  trusts: credentials.filter(({ kind }) => kind === 'client_trust').map(toTrust),
  createdAtMs: row.created_at_ms,
  revision: row.revision,
})

/** Those that were not revoked, the oldest first. */
const ownCredentials = (db: Kysely<Schema>) =>
  db
    .selectFrom('credentials')
    .leftJoin('trusted_issuers', 'trusted_issuers.id', 'credentials.issuer_id')
    .selectAll('credentials')
    .select('trusted_issuers.name as issuer_name')
    .where(
      'credentials.kind',
      'in',
      ownKinds.map(kind => sql.lit(kind)),
    )
    .where('credentials.revoked_at_ms', 'is', null)
    .orderBy('credentials.created_at_ms')
    .orderBy('credentials.id')

function prepareClientQueries(db: Kysely<Schema>) {
  const byClientId = (param: Param<{ clientId: string }>) =>
    db.selectFrom('clients').where('client_id', '=', param('clientId')).where('status', '<>', notDeleted)
  return {
    revisionOf: prepared<{ clientId: string }, { id: string; revision: number }>(param =>
      byClientId(param).select(['id', 'revision']),
    ),
    findByClientId: prepared<{ clientId: string }, ClientsTable>(param => byClientId(param).selectAll()),
    findById: prepared<{ id: string }, ClientsTable>(param =>
      db.selectFrom('clients').where('id', '=', param('id')).where('status', '<>', notDeleted).selectAll(),
    ),
    lockByClientId: prepared<{ clientId: string }, ClientsTable>(param => byClientId(param).selectAll().forUpdate()),
    credentialsOf: prepared<{ id: string }, OwnRow>(param => ownCredentials(db).where('owner_id', '=', param('id'))),
    trustingSubject: prepared<{ subject: string }, { client_id: string }>(param =>
      db
        .selectFrom('credentials')
        .innerJoin('clients', 'clients.id', 'credentials.owner_id')
        .innerJoin('trusted_issuers', 'trusted_issuers.id', 'credentials.issuer_id')
        .select('clients.client_id')
        .distinct()
        .where('credentials.subject', '=', param('subject'))
        .where('credentials.revoked_at_ms', 'is', null)
        .where('clients.status', '=', sql.lit('active' as const))
        .where('trusted_issuers.trust_domain', 'is not', null)
        .orderBy('clients.client_id')
        .limit(2),
    ),
    originsOf: prepared<{ id: string }, { origin: string }>(param =>
      db.selectFrom('client_origins').select('origin').where('client_id', '=', param('id')).orderBy('origin'),
    ),
    isRegisteredOrigin: prepared<{ origin: string }, { id: string }>(param =>
      db
        .selectFrom('client_origins')
        .innerJoin('clients', 'clients.id', 'client_origins.client_id')
        .select('clients.id')
        .where('client_origins.origin', '=', param('origin'))
        .where('clients.status', '=', sql.lit('active' as const))
        .limit(1),
    ),
  }
}

type Queries = ReturnType<typeof prepareClientQueries>

export function prepareClientStore(db: Kysely<Schema>): (executor: Executor) => ClientStore & ClientReader {
  const queries = prepareClientQueries(db)
  const changes = prepareClientChanges(db)
  return executor => ({ ...clientReader(queries, executor), ...changes(executor) })
}

function clientReader(queries: Queries, executor: Executor): ClientReader {
  const originsOf = async (id: string) => (await queries.originsOf(executor, { id })).rows.map(({ origin }) => origin)
  /** The credentials after the client: where both are not read at one moment, they are at least as new as its revision. */
  const withCredentials = async (row: ClientsTable) =>
    toClient(row, (await queries.credentialsOf(executor, { id: row.id })).rows)
  return {
    revisionOf: clientId => queries.revisionOf.first(executor, { clientId }),
    async findByClientId(clientId) {
      const { rows } = await queries.findByClientId(executor, { clientId })
      return rows[0] && withCredentials(rows[0])
    },
    async findById(id) {
      const row = await queries.findById.first(executor, { id })
      return row && withCredentials(row)
    },
    async find(clientId) {
      const query = executor.locks ? queries.lockByClientId : queries.findByClientId
      const { rows } = await query(executor, { clientId })
      return rows[0] && { ...(await withCredentials(rows[0])), origins: await originsOf(rows[0].id) }
    },
    async allIds() {
      return (await executor.kysely.selectFrom('clients').select('id').orderBy('id').execute()).map(({ id }) => id)
    },
    async listSigningIn() {
      const rows = await executor.kysely
        .selectFrom('clients')
        .select(['id', 'client_id', 'grants', 'forwards_address'])
        .where('status', '=', 'active')
        .where('is_public', '=', 0)
        .orderBy('client_id')
        .execute()
      return rows
        .filter(({ grants }) => JSON.parse(grants).includes('password'))
        .map(row => ({ id: row.id, clientId: row.client_id, forwardsAddress: row.forwards_address }))
    },
    async idsOf(clientId) {
      const rows = await executor.kysely.selectFrom('clients').select('id').where('client_id', '=', clientId).execute()
      return rows.map(({ id }) => id)
    },
    originsOf,
    async trustingSubject(subject) {
      return (await queries.trustingSubject(executor, { subject })).rows.map(({ client_id }) => client_id)
    },
    async isRegisteredOrigin(origin) {
      const { rows } = await queries.isRegisteredOrigin(executor, { origin })
      return rows.length > 0
    },
    async list(filter = {}) {
      const { kysely } = executor
      const clients = await whichClients(kysely, filter).execute()
      // Of a page only what is on it is read.
      const ids = filter.limit === undefined ? undefined : clients.map(({ id }) => id)
      if (ids?.length === 0) return []
      const credentials = await ownCredentials(kysely)
        .$if(ids !== undefined, query => query.where('owner_id', 'in', ids ?? []))
        .execute()
      const origins = await kysely
        .selectFrom('client_origins')
        .selectAll()
        .$if(ids !== undefined, query => query.where('client_id', 'in', ids ?? []))
        .orderBy('origin')
        .execute()
      const credentialsOf = Map.groupBy(credentials, ({ owner_id }) => owner_id)
      const originsByClient = Map.groupBy(origins, ({ client_id }) => client_id)
      return clients.map(row => ({
        ...toClient(row, credentialsOf.get(row.id) ?? []),
        origins: (originsByClient.get(row.id) ?? []).map(({ origin }) => origin),
      }))
    },
  }
}

const whichClients = (kysely: Kysely<Schema>, { status, afterClientId, limit }: ClientFilter) =>
  kysely
    .selectFrom('clients')
    .selectAll()
    .where('status', '<>', notDeleted)
    .$if(status !== undefined, query => query.where('status', '=', status as Status))
    .$if(afterClientId !== undefined, query => query.where('client_id', '>', afterClientId as string))
    .orderBy('client_id')
    .$if(limit !== undefined, query => query.limit(limit as number))
