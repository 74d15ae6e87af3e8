/** Signet's own access tokens, verified as a resource service would (RFC 9068 §4): a signature before any claim is believed. */
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'
import { CLOCK_TOLERANCE_SECONDS } from '../records/limits.ts'
import type { StatusReference } from '../records/status-list.ts'
import { ACCESS_TOKEN_TYPE } from './access-token.ts'
import { statusListsUri } from './status-list/encoding.ts'

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
  readonly sid: string
  readonly auth_time: number
  readonly status: { readonly status_list: { readonly idx: number; readonly uri: string } }
}

/**
 * Answers the claims of a token that this service signed and that a verifier with a slow clock may still accept, so that what has
 * just expired can be revoked. Undefined for everything else.
 */
export type VerifyAccessToken = (token: string) => Promise<AccessTokenClaims | undefined>

export function createAccessTokenVerification(dependencies: {
  readonly issuer: string
  /** The JWK Set, serialized; another object when it changes. */
  readonly publishedKeys: () => { readonly body: string }
  readonly clock: Clock
}): VerifyAccessToken {
  const { issuer, publishedKeys, clock } = dependencies
  let imported: { from: object; keys: ReturnType<typeof createLocalJWKSet> } | undefined

  function currentKeys(): ReturnType<typeof createLocalJWKSet> {
    const published = publishedKeys()
    if (imported?.from !== published)
      imported = { from: published, keys: createLocalJWKSet(JSON.parse(published.body)) }
    return imported.keys
  }

  return async token => {
    try {
      const { payload } = await jwtVerify(token, currentKeys(), {
        issuer,
        typ: ACCESS_TOKEN_TYPE,
        algorithms: ['RS256'],
        currentDate: new Date(clock.now()),
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      })
      // Nothing but this service makes tokens that come this far; those of before there were status lists have no status.
      return payload['status'] === undefined ? undefined : (payload as unknown as AccessTokenClaims)
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
