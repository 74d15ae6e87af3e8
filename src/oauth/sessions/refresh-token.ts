/**
 * Refresh tokens (RFC 6749 §1.5, §6; rotation and reuse: RFC 9700 §4.14.2). A token is opaque: a prefix that secret scanners can
 * recognise, the handle of its family, the secret of its generation, and a checksum that tells typing errors from guesses. The
 * secret of the next generation is derived from the one that is presented and a fresh salt, so that the answer to a request that
 * was repeated can be derived again, while the database alone can't make a token.
 */
import { createHmac } from 'node:crypto'
import type { Randomness } from '../../randomness.ts'
import { withChecksum, withoutChecksum } from '../../records/opaque-token.ts'
import type { RefreshFamily } from '../../records/session.ts'

const PREFIX = 'signet_rt_'
const HANDLE_DIGITS = 32
const SECRET_DIGITS = 64
const pattern = new RegExp(`^${PREFIX}([0-9a-f]{${HANDLE_DIGITS}})([0-9a-f]{${SECRET_DIGITS}})$`)
const LABEL = 'signet refresh token successor'

export interface RefreshToken {
  /** 128 random bits, hexadecimal: names the family and is not the `sid`. */
  readonly handle: string
  /** 256 bits, hexadecimal: the secret of one generation. */
  readonly secret: string
}

export const encodeRefreshToken = ({ handle, secret }: RefreshToken): string =>
  withChecksum(`${PREFIX}${handle}${secret}`)

/** Undefined for what can't be a token of ours: wrong form or wrong checksum. */
export function parseRefreshToken(token: string): RefreshToken | undefined {
  const [, handle, secret] = pattern.exec(withoutChecksum(token) ?? '') ?? []
  return handle === undefined || secret === undefined ? undefined : { handle, secret }
}

export const newRefreshToken = (randomness: Randomness): RefreshToken => ({
  handle: randomness.bytes(16).toString('hex'),
  secret: randomness.bytes(32).toString('hex'),
})

/** The next generation: HMAC-SHA-256 under the presented secret. */
export function successorOf({ handle, secret }: RefreshToken, salt: string): RefreshToken {
  const next = createHmac('sha256', Buffer.from(secret, 'hex')).update(`${LABEL}\0${handle}\0${salt}`).digest('hex')
  return { handle, secret: next }
}

/**
 * What the use of a secret means for its family, as it is stored now.
 * `current`: the newest generation. `repeat`: the one before, whose answer may have been lost on the way. `reuse`: any other; two
 * parties hold this family. `ended`: the session is over, whatever was presented.
 */
export type Use = 'current' | 'repeat' | 'reuse' | 'ended'

export function judgeUse(family: RefreshFamily, secretHash: string, nowMs: number, graceMs: number): Use {
  if (family.endedAtMs !== null || family.expiresAtMs <= nowMs) return 'ended'
  if (secretHash === family.currentHash) return 'current'
  // A clock that was set back a little must end nobody's session; one that was set back far must not prolong the grace.
  const inGrace = family.rotatedAgoMs !== null && Math.abs(family.rotatedAgoMs) < graceMs
  return secretHash === family.previousHash && inGrace ? 'repeat' : 'reuse'
}
