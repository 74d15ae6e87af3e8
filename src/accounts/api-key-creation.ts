/** How an API key is made, inside the write of whoever makes it. */
import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import { API_KEY_ID_PREFIX, type ApiKey, encodeApiKey, type ListedApiKey, statusOf } from '../records/api-key.ts'
import type { Provenance } from '../records/audit-event.ts'
import { isClient } from '../records/client.ts'
import { CLOCK_TOLERANCE_SECONDS } from '../records/limits.ts'
import { hashOf } from '../records/opaque-token.ts'
import { isActive } from '../records/standing.ts'
import type { Stores } from '../records/unit-of-work.ts'
import type { NewApiKey } from './api-key-rules.ts'
import type { Cascades } from './cascades.ts'
import { AccountError, notFound } from './rules.ts'

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

/** Locked. */
export interface Owner {
  readonly ownerId: string
  readonly username: string | null
  readonly clientId: string | null
}

export interface ApiKeyCreation {
  /** @throws AccountError limit_reached, too_many */
  insert(stores: Stores, owner: Owner, asked: NewApiKey, by: Provenance): Promise<CreatedApiKey>
  /** @throws AccountError not_found, not_now */
  assertStillSignedIn(stores: Stores, user: AskingUser): Promise<Owner>
}

const MOST_LIVE = 50
const MOST_AN_HOUR = 10
const HOUR_MS = 3_600_000
/** With those that are over. */
const MOST_KEPT = 200

/** Whose a key is, as the audit says it. */
export const partyOf = (ownerId: string) => (isClient(ownerId) ? { clientId: ownerId } : { userId: ownerId })

export function createApiKeyCreation(dependencies: {
  readonly cascades: Pick<Cascades, 'isUnderWay'>
  readonly clock: Clock
  readonly randomness: Randomness
}): ApiKeyCreation {
  const { cascades, clock, randomness } = dependencies

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
    return { key: { ...key, ...owner, status: statusOf(key, createdAtMs) }, text: encodeApiKey({ id, secret }) }
  }

  /**
   * A session that has ended makes no key, nor does one that an act is about to end that has not reached it yet: the key would outlive
   * what revoked the others.
   */
  async function assertStillSignedIn(stores: Stores, { userId, sessionId, clientId }: AskingUser): Promise<Owner> {
    const user = await stores.users.findById(userId)
    const session = await stores.sessions.find(sessionId)
    if (user === undefined || !isActive(user.status) || session?.endedAtMs !== null) throw notFound('session')
    if (await cascades.isUnderWay(stores, { subjectId: userId, clientId }))
      throw new AccountError('not_now', 'Sessions of the user or the client are being ended: try again.', {
        retryAfterSeconds: 1,
      })
    return { ownerId: userId, username: user.username, clientId: null }
  }

  return { insert, assertStillSignedIn }
}
