/** Whether an access token is good at this moment: what is stored wins over what it claims. */
import type { Clock } from '../clock.ts'
import type { SessionReader, StoredSession } from '../records/session.ts'
import type { HeldStatus, StatusReference } from '../records/status-list.ts'
import { type AccessTokenClaims, statusReferenceOf, type VerifyAccessToken } from './access-token-verification.ts'
import { isSameReference } from './status-list/status-index.ts'

export interface LiveAccessToken {
  readonly claims: AccessTokenClaims
  readonly session: StoredSession
}

/** Undefined when the token is not ours, expired or revoked, or its session, user or client is no longer active. */
export type FindLiveAccessToken = (token: string) => Promise<LiveAccessToken | undefined>

/** Whether user and client are active: the gate, asked without a credential. */
export type HaveGoodStanding = (parties: { userId: string; clientId: string }) => Promise<boolean>

/** An index that the session neither has nor had before the last move was taken away: the tokens that carry it are revoked. */
export const isHeld = ({ current, previousStatus }: HeldStatus, reference: StatusReference): boolean =>
  isSameReference(current, reference) || isSameReference(previousStatus, reference)

export function createLiveAccessTokens(dependencies: {
  readonly verifyAccessToken: VerifyAccessToken
  readonly sessions: SessionReader
  readonly haveGoodStanding: HaveGoodStanding
  readonly clock: Clock
}): FindLiveAccessToken {
  const { verifyAccessToken, sessions, haveGoodStanding, clock } = dependencies

  return async token => {
    const claims = await verifyAccessToken(token)
    if (claims === undefined || claims.exp * 1000 <= clock.now()) return undefined
    const session = await sessions.find(claims.sid)
    if (session === undefined || session.endedAtMs !== null) return undefined
    if (!isHeld(session.held, statusReferenceOf(claims))) return undefined
    return (await haveGoodStanding(session)) ? { claims, session } : undefined
  }
}
