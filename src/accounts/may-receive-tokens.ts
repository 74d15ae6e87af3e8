import type { Status } from '../records/standing.ts'

/** What is stored of the two parties at this moment. */
export interface Standing {
  readonly userStatus: Status
  readonly passwordId: string
  readonly clientStatus: Status
  readonly clientSecrets: readonly { readonly id: string; readonly expiresAtMs: number | null }[]
}

export interface StandingReader {
  find(userId: string, clientId: string): Promise<Standing | undefined>
}

export interface StandingStore extends StandingReader {
  /** The same, with both rows locked against change until the transaction ends. */
  lock(userId: string, clientId: string): Promise<Standing | undefined>
}

/** The credentials that were checked earlier, before the hashing and the signing took their time. */
export interface CheckedCredentials {
  readonly passwordId?: string | undefined
  readonly clientSecretId?: string | undefined
}

export const isActive = (status: Status): boolean => status === 'active'

/**
 * The one gate in front of every token: both parties are active, and what they proved themselves with is still what is stored.
 * It is asked inside the write that makes the session or rotates it, so that nobody slips through who was disabled, or whose
 * password or secret was changed, a moment before.
 * @returns whose fault it is, or undefined when the token may be given
 */
export function mayReceiveTokens(
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
