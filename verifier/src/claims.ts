/** The claims of an access token (RFC 9068 §2.2, §4): their form, whom they are from and for, when they hold, and whether it was revoked. */
import type { AccessTokenClaims, StatusReference } from './access-token-claims.ts'
import type { Report } from './environment.ts'
import type { Keys } from './issuer/issuer-keys.ts'
import type { NamedList } from './issuer/known-status-lists.ts'
import { isJsonObject, type JsonObject } from './jose/decoding.ts'
import type { Mode } from './options.ts'
import { TokenError } from './token-error.ts'

export interface ClaimRules {
  readonly issuer: string
  /** One of them has to be in `aud`. */
  readonly audience: readonly string[]
  /** Whether a status list may lie there. */
  readonly isListUri: (uri: string) => boolean
}

/** The year 10000, in seconds: what is later is milliseconds, or worse. */
const END_OF_TIME = 253_402_300_800

const isTime = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value < END_OF_TIME
const isString = (value: unknown): value is string => typeof value === 'string'
const isText = (value: unknown): boolean => isString(value) && value !== ''
const isStrings = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isString)

const required: readonly (readonly [claim: string, holds: (value: unknown) => boolean, form: string])[] = [
  ['sub', isText, 'a non-empty string'],
  ['client_id', isText, 'a non-empty string'],
  ['jti', isText, 'a non-empty string'],
  ['exp', isTime, 'a time in seconds'],
  ['iat', isTime, 'a time in seconds'],
]
const optional: typeof required = [
  ['nbf', isTime, 'a time in seconds'],
  ['auth_time', isTime, 'a time in seconds'],
  ['roles', isStrings, 'an array of strings'],
  ['scope', isString, 'a string'],
  ['sid', isString, 'a string'],
]

/** @throws TokenError wrong_issuer, wrong_audience, invalid_claim */
export function checkClaims(payload: JsonObject, { issuer, audience, isListUri }: ClaimRules): AccessTokenClaims {
  const { iss, aud } = payload
  if (iss !== issuer) throw new TokenError('wrong_issuer', 'The access token is from another issuer.')
  if (aud !== undefined && !isString(aud) && !isStrings(aud))
    throw invalidClaim('aud', 'a string or an array of strings')
  if (!(isString(aud) ? [aud] : (aud ?? [])).some(name => audience.includes(name)))
    throw new TokenError('wrong_audience', 'The access token is for another audience.')
  for (const [claim, holds, form] of required) if (!holds(payload[claim])) throw invalidClaim(claim, form)
  for (const [claim, holds, form] of optional)
    if (payload[claim] !== undefined && !holds(payload[claim])) throw invalidClaim(claim, form)
  if (payload['status'] !== undefined && !isStatus(payload['status'], isListUri))
    throw invalidClaim('status', 'a reference to a status list of the issuer')
  return deepFreeze(payload) as AccessTokenClaims
}

/** §6.2 of the draft. A status that can't be looked up would be one that says nothing. */
function isStatus(
  status: unknown,
  isListUri: ClaimRules['isListUri'],
): status is { readonly status_list: StatusReference } {
  const reference = isJsonObject(status) ? status['status_list'] : undefined
  if (!isJsonObject(reference)) return false
  const { idx, uri } = reference
  return Number.isSafeInteger(idx) && (idx as number) >= 0 && isString(uri) && isListUri(uri)
}

/**
 * @param now seconds
 * @param tolerance seconds by which the clocks of issuer and service may differ
 * @throws TokenError expired, not_yet_valid
 */
export function checkTimes({ exp, iat, nbf }: AccessTokenClaims, now: number, tolerance: number): void {
  if (now >= exp + tolerance) throw new TokenError('expired', 'The access token has expired.')
  if (now < iat - tolerance || (nbf !== undefined && now < nbf - tolerance))
    throw new TokenError('not_yet_valid', 'The access token is not valid yet.')
}

/**
 * Says whether a token was revoked, and refuses it, too, where that has to be known and is not.
 * @param list what the claims name; undefined when they name none
 * @throws TokenError revoked, invalid_claim; in strict mode unavailable
 */
export type CheckRevocation = (claims: AccessTokenClaims, list: NamedList | undefined, mode: Mode) => void

export function createRevocationCheck(dependencies: {
  readonly keys: Pick<Keys, 'ageMs'>
  readonly maxStalenessMs: number
  readonly report: Report
}): CheckRevocation {
  const { keys, maxStalenessMs, report } = dependencies
  const isStale = ({ ageMs }: Pick<Keys, 'ageMs'>): boolean => ageMs() > maxStalenessMs

  function reportUnchecked(list: NamedList): void {
    if (list.isReported) return
    list.isReported = true
    report({ type: 'status_unchecked', uri: list.uri })
  }

  return ({ status }, list, mode) => {
    const statusList = list?.value()
    if (status !== undefined && statusList !== undefined) {
      const value = statusList.statusAt(status.status_list.idx)
      if (value === undefined)
        throw new TokenError('invalid_claim', 'The status list has no such index as the token names.')
      if (value !== 0) throw new TokenError('revoked', 'The access token was revoked.')
    }
    // A key may have been revoked as well. A mode that is misspelt counts as strict.
    if (mode !== 'lenient' && (isStale(keys) || (list !== undefined && isStale(list))))
      throw new TokenError('unavailable', 'It cannot be known at the moment whether the access token was revoked.')
    if (list !== undefined && statusList === undefined) reportUnchecked(list)
  }
}

const invalidClaim = (claim: string, form: string): TokenError =>
  new TokenError('invalid_claim', `The claim ${claim} of the access token is not ${form}.`)

/** One object serves every request that brings the token, so that none may alter it. */
function deepFreeze(root: JsonObject): JsonObject {
  const open: object[] = [root]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    for (const inner of Object.values(Object.freeze(value)))
      if (typeof inner === 'object' && inner !== null) open.push(inner)
  }
  return root
}
