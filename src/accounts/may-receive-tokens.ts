import type { Clock } from '../clock.ts'
import { isActive, type Standing, type StandingReader } from '../records/standing.ts'
import type { Stores } from '../records/unit-of-work.ts'

/** The credentials that were checked earlier, before the hashing and the signing took their time. */
export interface CheckedCredentials {
  readonly passwordId?: string | undefined
  readonly clientSecretId?: string | undefined
}

/**
 * The one gate in front of every token: both parties are active, and what they proved themselves with is still what is stored.
 * It is asked inside the write that makes the session or rotates it, so that nobody slips through who was disabled, or whose
 * password or secret was changed, a moment before.
 * @returns whose fault it is, or undefined when the token may be given
 */
function mayReceiveTokens(
  standing: Standing | undefined,
  checked: CheckedCredentials,
  nowMs: number,
): 'user' | 'client' | undefined {
  if (standing === undefined || !isActive(standing.clientStatus)) return 'client'
  if (checked.clientSecretId !== undefined) {
    const secret = standing.clientSecrets.find(({ id }) => id === checked.clientSecretId)
    if (secret === undefined || (secret.expiresAtMs !== null && secret.expiresAtMs <= nowMs)) return 'client'
  }
  if (!isActive(standing.userStatus)) return 'user'
  if (checked.passwordId !== undefined && checked.passwordId !== standing.passwordId) return 'user'
  return undefined
}

interface Parties {
  readonly userId: string
  readonly clientId: string
}

/** The gate as the protocol asks it. */
export const createGate = ({ standing, clock }: { readonly standing: StandingReader; readonly clock: Clock }) => ({
  /** Inside the write that gives the token, with both parties locked; answers whose fault it is, or undefined. */
  refuse: async (stores: Stores, { userId, clientId }: Parties, checked: CheckedCredentials) =>
    mayReceiveTokens(await stores.standing.lock(userId, clientId), checked, clock.now()),
  /** Without a credential: whether what was given before is still good. */
  haveGoodStanding: async ({ userId, clientId }: Parties) =>
    mayReceiveTokens(await standing.find(userId, clientId), {}, clock.now()) === undefined,
})
