/** API keys as the endpoints know them: whether one is good, and what it gives at the moment. */
import { timingSafeEqual } from 'node:crypto'
import type { ApiKey, ApiKeyReader, PresentedApiKey } from '../records/api-key.ts'
import { findAudience, isSameAudience } from '../records/audience.ts'
import { type ClientReader, isClient } from '../records/client.ts'
import { hashOf } from '../records/opaque-token.ts'
import { isActive } from '../records/standing.ts'
import type { UserReader } from '../records/user.ts'
import { namedIn, narrow, notOwn, permissionsOf, within } from './scope.ts'
import type { SubjectAsRead } from './sessions/session-starts.ts'

/** The owner of a key, who is active, as read now. */
export interface KeyOwner {
  readonly permissions: readonly string[]
  readonly asRead: SubjectAsRead
}

export interface ApiKeysInUse {
  /** The key with this id and secret, whether it works or not; undefined for everything else. */
  find(presented: PresentedApiKey): Promise<ApiKey | undefined>
  /** Undefined when the owner is not active. */
  ownerOf(key: Pick<ApiKey, 'ownerId'>): Promise<KeyOwner | undefined>
}

const NOBODYS_HASH = hashOf('')

export function createApiKeysInUse(dependencies: {
  readonly apiKeys: Pick<ApiKeyReader, 'find'>
  readonly users: Pick<UserReader, 'findById' | 'rolesOf'>
  readonly clients: Pick<ClientReader, 'findById'>
}): ApiKeysInUse {
  const { apiKeys, users, clients } = dependencies

  async function clientAsOwner(id: string): Promise<KeyOwner | undefined> {
    const client = await clients.findById(id)
    if (client === undefined || !isActive(client.status)) return undefined
    return { permissions: namedIn(client.scope), asRead: { revision: client.revision } }
  }

  async function userAsOwner(userId: string): Promise<KeyOwner | undefined> {
    const user = await users.findById(userId)
    if (user === undefined || !isActive(user.status)) return undefined
    const roles = await users.rolesOf(userId)
    return { permissions: permissionsOf(roles), asRead: { roles, passwordId: undefined } }
  }

  return {
    async find({ id, secret }) {
      const key = await apiKeys.find(id)
      // An unknown one costs the same.
      const isRight = timingSafeEqual(Buffer.from(key?.hash ?? NOBODYS_HASH), Buffer.from(hashOf(secret)))
      return isRight ? key : undefined
    },
    ownerOf: ({ ownerId }) => (isClient(ownerId) ? clientAsOwner(ownerId) : userAsOwner(ownerId)),
  }
}

/**
 * What a token of the key may carry: at most what the key has, its owner and the client that exchanges it.
 * @param clientScope undefined: whatever the client
 * @throws OAuthError invalid_scope when scopes were asked for by name and none of them is left
 */
export function narrowToKey(
  asked: readonly string[] | undefined,
  { ownerId, scope }: Pick<ApiKey, 'ownerId' | 'scope'>,
  { permissions }: KeyOwner,
  clientScope: readonly string[] | undefined,
): readonly string[] {
  const inKey = (permission: string) => scope.includes(permission)
  if (clientScope === undefined) return narrow(asked, permissions, [inKey, notOwn])
  // `*` speaks of what users have.
  const ofClient = within(isClient(ownerId) ? namedIn(clientScope) : clientScope)
  return narrow(asked, permissions, [inKey, notOwn, ofClient])
}

/** The audiences that a key and a client have in common, in the client's order; a key gives no token for Signet itself. */
export const audiencesOfKey = (
  { audiences }: Pick<ApiKey, 'audiences'>,
  ofClient: readonly string[],
  issuer: string,
): readonly string[] =>
  ofClient.filter(
    audience =>
      !isSameAudience(audience, issuer) && (audiences.length === 0 || findAudience(audiences, audience) !== undefined),
  )
