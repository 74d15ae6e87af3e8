import type { Clock } from '../clock.ts'
import type { Randomness } from '../randomness.ts'
import {
  type ApiKey,
  type ApiKeyReader,
  type ApiKeyStatus,
  type ListedApiKey,
  type OwnedApiKey,
  statusOf,
} from '../records/api-key.ts'
import type { AuditEvent, Provenance } from '../records/audit-event.ts'
import { isClient } from '../records/client.ts'
import type { Position } from '../records/position.ts'
import type { Readers, Stores, Write } from '../records/unit-of-work.ts'
import { type AskingUser, type CreatedApiKey, createApiKeyCreation, type Owner, partyOf } from './api-key-creation.ts'
import {
  type AskedOwner,
  apiKeyProblems,
  assertApiKeyIsWithin,
  LONGEST_TTL_DAYS_OVER_HTTP,
  machineOf,
  type NewApiKey,
  type NewOwnApiKey,
} from './api-key-rules.ts'
import { assertMayEndOf, assertMayHandle, type By } from './authority.ts'
import type { Cascades } from './cascades.ts'
import { refusedMember } from './refused-member.ts'
import { AccountError, assertNoProblems, notFound } from './rules.ts'
import { usernameKey } from './username.ts'

/** A user by name, or a client by its `client_id`. */
export type KeyOwnerName = { readonly username: string } | { readonly clientId: string }

export interface KeyRevocation {
  /** As the audit says it. */
  readonly reason: string
  readonly by: By<ListedApiKey>
  /** Whose it must be; undefined: whoever owns it. */
  readonly ownerId?: string
  /** Internal id of the client that presented it. */
  readonly clientId?: string
}

export const BY_OPERATOR = 'revoked_by_operator'

/** Every condition that is given holds; what nobody has finds nothing. */
export interface ApiKeyFilters {
  readonly userId?: string | undefined
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId?: string | undefined
  readonly status?: ApiKeyStatus | undefined
}

/** Every act throws an AccountError when it is refused. */
export interface ApiKeys {
  create(owner: KeyOwnerName, asked: NewApiKey, by: Provenance): Promise<CreatedApiKey>
  /** What an administrator may make over HTTP: for machines only, and only what the administrator has, too. */
  createForMachine(owner: AskedOwner, asked: NewOwnApiKey, by: By): Promise<CreatedApiKey>
  createOwn(user: AskingUser, asked: NewOwnApiKey, by: Provenance): Promise<CreatedApiKey>
  /** Revoked and expired ones, too, for as long as they are kept. @param owner undefined: those of all */
  list(owner?: KeyOwnerName): Promise<readonly ListedApiKey[]>
  listOwn(userId: string): Promise<readonly ListedApiKey[]>
  /** The first `limit` behind this one, in the order of their making. */
  page(filters: ApiKeyFilters, after: Position | undefined, limit: number): Promise<readonly ListedApiKey[]>
  find(id: string): Promise<ListedApiKey>
  /** Ends what was given for the key, too. */
  revoke(id: string, revocation: KeyRevocation): Promise<ListedApiKey>
  /** Every one of an owner, one after the other; answers how many. */
  revokeAllOf(owner: KeyOwnerName, by: Provenance): Promise<number>
}

type Owners = Pick<Readers, 'users' | 'clients'>

/** Locked, inside a write. */
async function findOwner({ users, clients }: Owners, owner: KeyOwnerName): Promise<Owner> {
  if ('username' in owner) {
    const user = await users.findByKey(usernameKey(owner.username))
    if (user === undefined) throw notFound('user')
    return { ownerId: user.userId, username: user.username, clientId: null }
  }
  const client = await clients.find(owner.clientId)
  if (client === undefined) throw notFound('client')
  // It does nothing by itself: anybody could be it.
  if (client.isPublic) throw new AccountError('invalid', 'A public client has no API keys.')
  return { ownerId: client.id, username: null, clientId: client.clientId }
}

const revocation = ({ id, ownerId }: Pick<ApiKey, 'id' | 'ownerId'>, reason: string, by: Provenance): AuditEvent => ({
  ...({ type: 'api_key.revoke', outcome: 'success', reason } as const),
  ...{ target: id, ...partyOf(ownerId), provenance: by },
})

/**
 * Inside the write of an act after which an owner's keys must not work. The owner's row is locked.
 * @returns the ids of those that did
 */
export async function revokeKeysOf(
  stores: Stores,
  ownerId: string,
  nowMs: number,
  reason: string,
  by: Provenance,
): Promise<readonly string[]> {
  const ids = await stores.apiKeys.revokeAllOf(ownerId, nowMs)
  for (const id of ids) await stores.audit.append(revocation({ id, ownerId }, reason, by))
  return ids
}

interface KeyReaders {
  readonly apiKeys: ApiKeyReader
}

export function createApiKeys(dependencies: {
  readonly read: Owners & KeyReaders
  /** For whom no key is made: it gives no token for Signet itself. */
  readonly issuer: string
  readonly write: Write
  readonly cascades: Pick<Cascades, 'end' | 'finish' | 'isUnderWay'>
  readonly clock: Clock
  readonly randomness: Randomness
}): ApiKeys {
  const { read, issuer, write, cascades, clock, randomness } = dependencies

  const { insert, assertStillSignedIn } = createApiKeyCreation({ cascades, clock, randomness })

  const told = (key: OwnedApiKey): ListedApiKey => ({ ...key, status: statusOf(key, clock.now()) })

  /** Undefined: everybody's. Of a client that is deleted, too, and of one after it that has the same name. */
  async function ownersOf(userId?: string, clientId?: string): Promise<readonly string[] | undefined> {
    const ofUser = userId === undefined ? undefined : [userId].filter(id => !isClient(id))
    if (clientId === undefined) return ofUser
    return ofUser === undefined ? read.clients.idsOf(clientId) : []
  }

  /** Also those of somebody else are unknown to whoever asks for their own. */
  const find = async (id: string, ownerId?: string, { apiKeys }: KeyReaders = read): Promise<ListedApiKey> => {
    const [key] = await apiKeys.list({ id, ownerId })
    if (key === undefined) throw notFound('API key')
    return told(key)
  }

  /**
   * The tokens that were given for it end with it, whatever client they came through. One key a write: the sessions of several would
   * be locked in another order than that of their ids. False when it was revoked before.
   */
  async function revokeOne(id: string, { reason, by, clientId }: Omit<KeyRevocation, 'ownerId'>): Promise<boolean> {
    const isRevoked = await write(async stores => {
      const key = await stores.apiKeys.find(id)
      if (key === undefined) return false
      await assertMayEndOf(stores, by, key.ownerId, key.scope)
      by.expect?.(await find(id, undefined, stores))
      if (key.revokedAtMs !== null) return false
      await stores.credentials.revoke(id, clock.now())
      // The subject is said for the audit: they are its rows anyway.
      await cascades.end(stores, { credentialId: id, subjectId: key.ownerId }, 'api_key_revoked', by)
      await stores.audit.append({ ...revocation(key, reason, by), ...(clientId !== undefined && { clientId }) })
      return true
    })
    await cascades.finish({ credentialId: id })
    return isRevoked
  }

  return {
    async create(owner, asked, by) {
      assertNoProblems(apiKeyProblems(asked, issuer))
      return write(async stores => insert(stores, await findOwner(stores, owner), asked, by))
    },

    async createForMachine(owner, asked, by) {
      const clientId = machineOf(owner)
      assertNoProblems(apiKeyProblems(asked, issuer, LONGEST_TTL_DAYS_OVER_HTTP))
      return write(async stores => {
        await assertMayHandle(stores, by, asked.scope)
        const machine = await findOwner(stores, { clientId }).catch(error => {
          throw error instanceof AccountError ? refusedMember('client_id', error) : error
        })
        return insert(stores, machine, asked, by)
      })
    },

    createOwn: (user, asked, by) =>
      write(async stores => {
        const owner = await assertStillSignedIn(stores, user)
        const client = await stores.clients.findById(user.clientId)
        const own = assertApiKeyIsWithin(asked, { scope: user.scope, audiences: client?.audiences ?? [] }, issuer)
        return insert(stores, owner, own, by)
      }),

    async list(owner) {
      const filter = owner === undefined ? {} : { ownerId: (await findOwner(read, owner)).ownerId }
      return (await read.apiKeys.list(filter)).map(told)
    },

    listOwn: async ownerId => (await read.apiKeys.list({ ownerId })).map(told),

    async page({ userId, clientId, status }, after, limit) {
      const ownerIds = await ownersOf(userId, clientId)
      const search = { ownerIds, ...(status && { status: { is: status, nowMs: clock.now() } }) }
      return (await read.apiKeys.page(search, after, limit)).map(told)
    },

    find: id => find(id),

    async revoke(id, { ownerId, ...why }) {
      await find(id, ownerId)
      await revokeOne(id, why)
      return find(id)
    },

    async revokeAllOf(owner, by) {
      const { ownerId } = await findOwner(read, owner)
      // Until none is left: also those that are made meanwhile.
      for (let revoked = 0; ; ) {
        const live = (await read.apiKeys.list({ ownerId })).map(told).filter(({ status }) => status === 'active')
        if (live.length === 0) return revoked
        for (const { id } of live) if (await revokeOne(id, { reason: BY_OPERATOR, by })) revoked += 1
      }
    },
  }
}
