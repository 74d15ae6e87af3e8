import type { Kysely } from 'kysely'
import { SUBJECT } from '../../records/client-trust.ts'
import {
  type CredentialCounts,
  type CredentialReader,
  type CredentialStore,
  credentialKinds,
  type LiveCredential,
} from '../../records/credential.ts'
import { hashOf } from '../../records/opaque-token.ts'
import { type Executor, notDeleted, prepared } from '../engine/prepared.ts'
import type { CredentialsTable, Schema } from '../engine/schema.ts'

interface LiveRow
  extends Pick<CredentialsTable, 'id' | 'kind' | 'owner_id' | 'name' | 'created_at_ms' | 'expires_at_ms'> {
  readonly username: string | null
  readonly client_id: string | null
}

const toLive = (row: LiveRow): LiveCredential => ({
  id: row.id,
  kind: row.kind,
  ownerId: row.owner_id,
  username: row.username,
  clientId: row.client_id,
  name: row.name,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
})

/** Neither revoked nor expired, whatever became of their owners. */
export const liveCredentials = (kysely: Kysely<Schema>, nowMs: number) =>
  kysely
    .selectFrom('credentials')
    .where('revoked_at_ms', 'is', null)
    .where(row => row.or([row('expires_at_ms', 'is', null), row('expires_at_ms', '>', nowMs)]))

/** The same, of owners who are not deleted: what a deleted one had does not work, and never will. */
const ownedCredentials = (kysely: Kysely<Schema>, nowMs: number) =>
  liveCredentials(kysely, nowMs)
    .leftJoin('users', 'users.id', 'credentials.owner_id')
    .leftJoin('clients', 'clients.id', 'credentials.owner_id')
    .where(row => row.or([row('users.status', '<>', notDeleted), row('clients.status', '<>', notDeleted)]))

const told = [
  'credentials.id',
  'credentials.kind',
  'credentials.owner_id',
  'credentials.name',
  'credentials.created_at_ms',
  'credentials.expires_at_ms',
  'users.username',
  'clients.client_id',
] as const

const credentialReader = ({ kysely }: Executor): CredentialReader => ({
  async listExpiring(nowMs, beforeMs, limit) {
    const rows = await ownedCredentials(kysely, nowMs)
      .select(told)
      // Said once more, so that the index begins there.
      .where('credentials.expires_at_ms', '>', nowMs)
      .where('credentials.expires_at_ms', '<', beforeMs)
      .orderBy('credentials.expires_at_ms')
      .orderBy('credentials.id')
      .limit(limit)
      .execute()
    return rows.map(toLive)
  },
  async countLive(nowMs) {
    const rows = await ownedCredentials(kysely, nowMs)
      .select(row => ['credentials.kind' as const, row.fn.countAll<number>().as('count')])
      .groupBy('credentials.kind')
      .execute()
    const counted = new Map(rows.map(({ kind, count }) => [kind, Number(count)]))
    return Object.fromEntries(credentialKinds.map(kind => [kind, counted.get(kind) ?? 0])) as CredentialCounts
  },
  async listNewest(nowMs, limit) {
    const rows = await ownedCredentials(kysely, nowMs)
      .select(told)
      .orderBy('credentials.created_at_ms', 'desc')
      .orderBy('credentials.id', 'desc')
      .limit(limit)
      .execute()
    return rows.map(toLive)
  },
  async listLive(nowMs, afterId, limit) {
    const rows = await ownedCredentials(kysely, nowMs)
      .select(told)
      .where('credentials.id', '>', afterId)
      .orderBy('credentials.id')
      .limit(limit)
      .execute()
    return rows.map(toLive)
  },
})

/** What only some kinds have. */
const plain = {
  ...{ name: null, data: null, issuer_id: null, subject: null, expires_at_ms: null, last_used_at_ms: null },
} as const

export function prepareCredentialStore(db: Kysely<Schema>): (executor: Executor) => CredentialStore {
  const setLastUsed = prepared<{ id: string; nowMs: number; address: string | null }>(param =>
    db
      .updateTable('credentials')
      .set({ last_used_at_ms: param('nowMs'), last_used_address: param('address') })
      .where('id', '=', param('id')),
  )

  const insert = prepared<Omit<CredentialsTable, 'revoked_at_ms' | 'last_used_address'>>(param =>
    db.insertInto('credentials').values({
      id: param('id'),
      owner_id: param('owner_id'),
      kind: param('kind'),
      name: param('name'),
      hash: param('hash'),
      data: param('data'),
      issuer_id: param('issuer_id'),
      subject: param('subject'),
      created_at_ms: param('created_at_ms'),
      expires_at_ms: param('expires_at_ms'),
      last_used_at_ms: param('last_used_at_ms'),
    }),
  )

  return executor => {
    const { kysely, locks } = executor

    /** By an index on when it was over, one after the other: with both in one question the table would be read as a whole. */
    async function removeWhere(over: 'revoked_at_ms' | 'expires_at_ms', beforeMs: number, limit: number) {
      const query = kysely.selectFrom('credentials').select('id').where(over, '<', beforeMs)
      const rows = await query.orderBy(over).orderBy('id').limit(limit).execute()
      if (rows.length === 0) return 0
      const some = kysely
        .selectFrom('credentials')
        .select('id')
        .where(
          'id',
          'in',
          rows.map(({ id }) => id),
        )
        .orderBy('id')
      const { numDeletedRows } = await kysely
        .deleteFrom('credentials')
        .where('id', 'in', locks ? some.forUpdate() : some)
        .executeTakeFirst()
      return Number(numDeletedRows)
    }

    return {
      ...credentialReader(executor),
      insert: (ownerId, kind, { id, name, hash, createdAtMs, expiresAtMs, lastUsedAtMs }) =>
        insert.send(executor, {
          ...{ ...plain, id, owner_id: ownerId, kind, name, hash, created_at_ms: createdAtMs },
          ...{ expires_at_ms: expiresAtMs, last_used_at_ms: lastUsedAtMs },
        }),
      insertKey(ownerId, { id, source, createdAtMs }) {
        const data = JSON.stringify(source)
        const row = { id, owner_id: ownerId, kind: 'client_key', hash: hashOf(data), data } as const
        return insert.send(executor, { ...plain, ...row, created_at_ms: createdAtMs })
      },
      insertTrust(ownerId, { id, issuerId, conditions, createdAtMs }) {
        const data = JSON.stringify({ conditions })
        const subject = conditions.find(({ name }) => name === SUBJECT)?.value ?? null
        const row = { id, owner_id: ownerId, kind: 'client_trust', hash: hashOf(data), data } as const
        return insert.send(executor, { ...plain, ...row, issuer_id: issuerId, subject, created_at_ms: createdAtMs })
      },
      async trustsIn(issuerId) {
        const rows = await kysely
          .selectFrom('credentials')
          .innerJoin('clients', 'clients.id', 'credentials.owner_id')
          .select(['credentials.id', 'credentials.data', 'clients.client_id'])
          .where('credentials.issuer_id', '=', issuerId)
          .where('credentials.revoked_at_ms', 'is', null)
          .orderBy('credentials.id')
          .execute()
        return rows.map(({ id, data, client_id: clientId }) => {
          const { conditions } = JSON.parse(data as string)
          return { id, conditions, clientId }
        })
      },
      async nextTrustIn(issuerId, afterId) {
        const trusts = kysely.selectFrom('credentials').select(['id', 'owner_id']).where('issuer_id', '=', issuerId)
        const next = trusts.where('revoked_at_ms', 'is', null).where('id', '>', afterId).orderBy('id').limit(1)
        const row = await next.executeTakeFirst()
        return row && { id: row.id, ownerId: row.owner_id }
      },
      async revoke(id, nowMs) {
        await kysely.updateTable('credentials').set({ revoked_at_ms: nowMs }).where('id', '=', id).execute()
      },
      async revokeSome(asked, nowMs) {
        if (asked.length === 0) return []
        const query = kysely.selectFrom('credentials').select('id').where('id', 'in', asked)
        const some = query.where('revoked_at_ms', 'is', null).orderBy('id')
        const ids = (await (locks ? some.forUpdate() : some).execute()).map(({ id }) => id)
        if (ids.length > 0)
          await kysely.updateTable('credentials').set({ revoked_at_ms: nowMs }).where('id', 'in', ids).execute()
        return ids
      },
      async setLastUsed(id, nowMs, address) {
        await setLastUsed(executor, { id, nowMs, address })
      },
      async removeOver(beforeMs, limit) {
        const revoked = await removeWhere('revoked_at_ms', beforeMs, limit)
        return revoked + (await removeWhere('expires_at_ms', beforeMs, limit - revoked))
      },
    }
  }
}
