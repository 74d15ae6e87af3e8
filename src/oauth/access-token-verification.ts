/**
 * Signet's own access tokens, verified as a resource service would (RFC 9068 §4): a signature before any claim is believed; and
 * whether one is good at this moment: what is stored wins over what it claims.
 */
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { createLocalJWKSet } from 'jose/jwks/local'
import { decodeJwt } from 'jose/jwt/decode'
import { jwtVerify } from 'jose/jwt/verify'
import { type Clock, toSeconds } from '../clock.ts'
import { CLOCK_TOLERANCE_SECONDS } from '../records/limits.ts'
import type { SessionReader, StoredSession } from '../records/session.ts'
import { KeyError } from '../records/signing-key.ts'
import type { HeldStatus, StatusReference } from '../records/status-list.ts'
import { StorageUnavailable } from '../records/unit-of-work.ts'
import { ACCESS_TOKEN_TYPE } from './access-token.ts'
import { statusListsUri } from './status-list/encoding.ts'
import { shared, within } from './status-list/sharing.ts'
import { isSameReference } from './status-list/status-index.ts'

export interface AccessTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string
  readonly client_id: string
  readonly scope?: string
  readonly roles?: readonly string[]
  readonly iat: number
  readonly exp: number
  readonly jti: string
  /** Of a sign-in. */
  readonly sid?: string
  readonly auth_time?: number
  /** Of an API key. */
  readonly api_key_id?: string
  readonly status: { readonly status_list: { readonly idx: number; readonly uri: string } }
}

/**
 * Answers the claims of a token that this service signed and that a verifier with a slow clock may still accept, so that what has
 * just expired can be revoked. Undefined for everything else.
 * @throws StorageUnavailable when the key is unknown and the database does not say in time whether another process made it
 */
export type VerifyAccessToken = (token: string) => Promise<AccessTokenClaims | undefined>

/** The keys that tokens are verified with, as this process knows them. */
export interface VerificationKeys {
  /** The JWK Set, serialized; another object when it changes. */
  published(): { readonly body: string }
  /** Whether there is or was such a key, in whatever state. */
  knows(kid: string): boolean
  /** Learns what other processes did to the keys. */
  follow(): Promise<void>
}

interface KeysInUse {
  readonly from: object
  readonly jwks: ReturnType<typeof createLocalJWKSet>
  readonly verified: Map<string, AccessTokenClaims>
}

/** Each takes some 2 KB. */
const MOST_KEPT = 2000
/** Between two looks for keys that are unknown here: whoever makes kids up causes no more. */
const BETWEEN_LOOKS_MS = 1000
/** Nobody waits longer for such a look. */
const LONGEST_WAIT_MS = 2000
/** RFC 7638, with SHA-256. */
const THUMBPRINT = /^[\w-]{43}$/

export function createAccessTokenVerification(dependencies: {
  readonly issuer: string
  readonly keys: VerificationKeys
  readonly clock: Clock
}): VerifyAccessToken {
  const { issuer, keys, clock } = dependencies
  /** The keys, and what they have verified: who introspects a token does so with each request. */
  let current: KeysInUse | undefined

  function keysInUse(): KeysInUse {
    const from = keys.published()
    if (current?.from !== from) current = { from, jwks: createLocalJWKSet(JSON.parse(from.body)), verified: new Map() }
    return current
  }

  const isOver = ({ exp }: { readonly exp: number }): boolean => exp <= toSeconds(clock.now()) - CLOCK_TOLERANCE_SECONDS

  /** All that can be seen without a key says that this service signed it, with a key that this process never heard of. */
  function mayBeOfNewKey(token: string): boolean {
    try {
      const { typ, alg, kid = '' } = decodeProtectedHeader(token)
      if (typ !== ACCESS_TOKEN_TYPE || alg !== 'RS256' || !THUMBPRINT.test(kid) || keys.knows(kid)) return false
      const { iss, exp } = decodeJwt(token)
      return iss === issuer && typeof exp === 'number' && !isOver({ exp })
    } catch {
      return false
    }
  }

  /** For all who ask meanwhile: each look begins after their questions. */
  const look = shared(
    () =>
      keys.follow().catch(error => {
        // The active key can't sign here; which ones verify is known all the same.
        if (!(error instanceof KeyError)) throw error
      }),
    BETWEEN_LOOKS_MS,
  )
  const tooLate = () => new StorageUnavailable('The database does not tell in time which keys there are.')

  return async token => {
    const known = keysInUse().verified.get(token)
    if (known !== undefined) return isOver(known) ? undefined : known
    // An instance is behind by a second: what another one has just signed is no garbage.
    if (mayBeOfNewKey(token)) await within(LONGEST_WAIT_MS, look(), tooLate)
    const { jwks, verified } = keysInUse()
    try {
      const { payload } = await jwtVerify(token, jwks, {
        issuer,
        typ: ACCESS_TOKEN_TYPE,
        algorithms: ['RS256'],
        currentDate: new Date(clock.now()),
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      })
      // Nothing but this service makes tokens that come this far; those of before there were status lists have no status.
      if (payload['status'] === undefined) return undefined
      const claims = payload as unknown as AccessTokenClaims
      if (verified.size >= MOST_KEPT) verified.clear()
      verified.set(token, claims)
      return claims
    } catch {
      return undefined
    }
  }
}

/** The index that a token carries, if it is one of this issuer's. */
export function statusReferenceOf({ iss, status }: AccessTokenClaims): StatusReference {
  const { idx, uri } = status.status_list
  return { listId: uri.slice(statusListsUri(iss).length + 1), index: idx }
}

export interface LiveAccessToken {
  readonly claims: AccessTokenClaims
  readonly session: StoredSession
}

/** Undefined when the token is not ours, expired or revoked, or its session, subject or client is no longer active. */
export type FindLiveAccessToken = (token: string) => Promise<LiveAccessToken | undefined>

/** Whether subject and client are active: the gate, asked without a credential. */
export type HaveGoodStanding = (parties: { subjectId: string; clientId: string }) => Promise<boolean>

/** The session that a token hangs on: a sign-in's is in it, a machine's holds its index. */
export const sessionOf = (
  sessions: Pick<SessionReader, 'find' | 'findHolder'>,
  claims: AccessTokenClaims,
): Promise<StoredSession | undefined> =>
  claims.sid === undefined ? sessions.findHolder(claims.sub, statusReferenceOf(claims)) : sessions.find(claims.sid)

/** An index that the session neither has nor had before the last move was taken away: the tokens that carry it are revoked. */
export const isHeld = ({ current, previousStatus }: HeldStatus, reference: StatusReference): boolean =>
  isSameReference(current, reference) || isSameReference(previousStatus, reference)

export function createLiveAccessTokens(dependencies: {
  readonly verifyAccessToken: VerifyAccessToken
  readonly sessionReader: SessionReader
  readonly haveGoodStanding: HaveGoodStanding
  readonly clock: Clock
}): FindLiveAccessToken {
  const { verifyAccessToken, sessionReader, haveGoodStanding, clock } = dependencies

  return async token => {
    const claims = await verifyAccessToken(token)
    if (claims === undefined || claims.exp * 1000 <= clock.now()) return undefined
    const session = await sessionOf(sessionReader, claims)
    if (session === undefined || session.endedAtMs !== null) return undefined
    if (!isHeld(session.held, statusReferenceOf(claims))) return undefined
    return (await haveGoodStanding(session)) ? { claims, session } : undefined
  }
}
