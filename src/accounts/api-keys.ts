import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import {
  API_KEY_ID_PREFIX,
  type ApiKey,
  type ApiKeyReader,
  encodeApiKey,
  type ListedApiKey,
  type OwnedApiKey,
  statusOf,
} from '../records/api-key.ts'
import type { AuditEvent, Provenance } from '../records/audit-event.ts'
import { isClient } from '../records/client.ts'
import { CLOCK_TOLERANCE_SECONDS } from '../records/limits.ts'
import { hashOf } from '../records/opaque-token.ts'
import { isActive } from '../records/standing.ts'
import type { Readers, Stores, Write } from '../records/unit-of-work.ts'
import { apiKeyProblem, assertApiKeyIsWithin, type NewApiKey, type NewOwnApiKey } from './api-key-rules.ts'
import type { Cascades } from './cascades.ts'
import { AccountError, assertNoProblem, notFound } from './rules.ts'
import { usernameKey } from './username.ts'

/** A user by name, or a client by its `client_id`. */
export type KeyOwnerName = { readonly username: string } | { readonly clientId: string }

/** A signed-in user who makes a key: it has no more than the token that asks. */
export interface AskingUser {
  readonly userId: string
  readonly sessionId: string
  /** Internal id of the client of the token. */
  readonly clientId: string
  /** Of the token. */
  readonly scope: readonly string[]
}

/** The key itself is told once, in the answer of the act that made it. */
export interface CreatedApiKey {
  readonly key: ListedApiKey
  readonly text: string
}

export interface KeyRevocation {
  /** As the audit says it. */
  readonly reason: string
  readonly by: Provenance
  /** Whose it must be; undefined: whoever owns it. */
  readonly ownerId?: string
  /** Internal id of the client that presented it. */
  readonly clientId?: string
}

export const BY_OPERATOR = 'revoked_by_operator'

/** Every act throws an AccountError when it is refused. */
export interface ApiKeys {
  create(owner: KeyOwnerName, asked: NewApiKey, by: Provenance): Promise<CreatedApiKey>
  createOwn(user: AskingUser, asked: NewOwnApiKey, by: Provenance): Promise<CreatedApiKey>
  /** Revoked and expired ones, too, for as long as they are kept. @param owner undefined: those of all */
  list(owner?: KeyOwnerName): Promise<readonly ListedApiKey[]>
  listOwn(userId: string): Promise<readonly ListedApiKey[]>
  find(id: string): Promise<ListedApiKey>
  /** Ends what was given for the key, too. */
  revoke(id: string, revocation: KeyRevocation): Promise<ListedApiKey>
  /** Every one of an owner, one after the other; answers how many. */
  revokeAllOf(owner: KeyOwnerName, by: Provenance): Promise<number>
}

const MOST_LIVE = 50
const MOST_AN_HOUR = 10
const HOUR_MS = 3_600_000
/** With those that are over. */
const MOST_KEPT = 200

type Owners = Pick<Readers, 'users' | 'clients'>

interface Owner {
  readonly ownerId: string
  readonly username: string | null
  readonly clientId: string | null
}

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

const partyOf = (ownerId: string) => (isClient(ownerId) ? { clientId: ownerId } : { userId: ownerId })

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

export function createApiKeys(dependencies: {
  readonly read: Owners & { readonly apiKeys: ApiKeyReader }
  /** For whom no key is made: it gives no token for Signet itself. */
  readonly issuer: string
  readonly write: Write
  readonly cascades: Pick<Cascades, 'end' | 'finish' | 'isUnderWay'>
  readonly clock: Clock
  readonly randomness: Randomness
}): ApiKeys {
  const { read, issuer, write, cascades, clock, randomness } = dependencies

  const told = (key: OwnedApiKey): ListedApiKey => ({ ...key, status: statusOf(key, clock.now()) })

  /** The owner is locked: of two that are made at once, the second counts the first. */
  async function assertMayHaveMore(stores: Stores, { ownerId }: Owner): Promise<void> {
    const nowMs = clock.now()
    const kept = await stores.apiKeys.list({ ownerId })
    if (kept.filter(key => statusOf(key, nowMs) === 'active').length >= MOST_LIVE)
      throw new AccountError('limit_reached', `An owner has at most ${MOST_LIVE} API keys that work: revoke one first.`)
    // What lies ahead was made before the clock was set back, and must keep nobody waiting until then.
    const recent = kept
      .map(({ createdAtMs }) => createdAtMs)
      .filter(atMs => atMs > nowMs - HOUR_MS && atMs <= nowMs + CLOCK_TOLERANCE_SECONDS * 1000)
    const oldest = recent.at(-MOST_AN_HOUR)
    if (oldest !== undefined)
      throw new AccountError('too_many', `At most ${MOST_AN_HOUR} API keys are made an hour for one owner.`, {
        retryAfterSeconds: Math.ceil((oldest + HOUR_MS - nowMs) / 1000),
      })
    await stores.apiKeys.removeOldest(ownerId, MOST_KEPT - 1, nowMs)
  }

  async function insert(stores: Stores, owner: Owner, asked: NewApiKey, by: Provenance): Promise<CreatedApiKey> {
    await assertMayHaveMore(stores, owner)
    const { ownerId } = owner
    const createdAtMs = clock.now()
    const id = randomId(randomness, API_KEY_ID_PREFIX)
    const secret = randomness.bytes(32).toString('hex')
    const key: ApiKey = {
      ...{ id, ownerId, name: asked.name, hash: hashOf(secret), createdAtMs },
      ...{ scope: [...new Set(asked.scope)].sort(), audiences: [...new Set(asked.audiences)] },
      expiresAtMs: asked.ttlSeconds === null ? null : createdAtMs + asked.ttlSeconds * 1000,
      ...{ revokedAtMs: null, lastUsedAtMs: null, lastUsedAddress: null },
    }
    await stores.apiKeys.insert(key)
    const event = { type: 'api_key.create', outcome: 'success', target: id, ...partyOf(ownerId) } as const
    await stores.audit.append({ ...event, provenance: by })
    return { key: told({ ...key, ...owner }), text: encodeApiKey({ id, secret }) }
  }

  /**
   * A session that has ended makes no key, nor does one that an act is about to end that has not reached it yet: the key would outlive
   * what revoked the others.
   */
  async function assertStillSignedIn(stores: Stores, { userId, sessionId, clientId }: AskingUser) {
    const user = await stores.users.findById(userId)
    const session = await stores.sessions.find(sessionId)
    if (user === undefined || !isActive(user.status) || session?.endedAtMs !== null) throw notFound('session')
    if (await cascades.isUnderWay(stores, { subjectId: userId, clientId }))
      throw new AccountError('not_now', 'Sessions of the user or the client are being ended: try again.', {
        retryAfterSeconds: 1,
      })
    return { ownerId: userId, username: user.username, clientId: null }
  }

  /** Also those of somebody else are unknown to whoever asks for their own. */
  const find = async (id: string, ownerId?: string): Promise<ListedApiKey> => {
    const [key] = await read.apiKeys.list({ id, ownerId })
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
      if (key === undefined || key.revokedAtMs !== null) return false
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
      assertNoProblem(apiKeyProblem(asked, issuer))
      return write(async stores => insert(stores, await findOwner(stores, owner), asked, by))
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

    find,

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
