/** The Token Status List itself (draft-ietf-oauth-status-list): its bytes (§4) and the claims of its JWT (§5.1). */
import { promisify } from 'node:util'
import { constants, deflate } from 'node:zlib'
import { toSeconds } from '../../clock.ts'
import type { SeenStatusList } from '../../records/status-list.ts'

/**
 * After so many seconds a verifier asks again. With the time for which an HTTP cache in between may answer, that is less than the
 * 10 s within which a revocation is to be seen.
 */
const STATUS_LIST_TTL = 5
/** Seconds for which an HTTP cache may answer by itself. */
export const STATUS_LIST_MAX_AGE = 2
/** How long a document is worth anything, in seconds. */
export const STATUS_LIST_LIFETIME = 24 * 60 * 60
const MINUTE_MS = 60_000
/** `typ` of §5.1. */
export const STATUS_LIST_TYPE = 'statuslist+jwt'

export const statusListsUri = (issuer: string): string => `${issuer}/oauth/status-lists`
export const statusListUri = (issuer: string, listId: string): string => `${statusListsUri(issuer)}/${listId}`

/**
 * §4.1 and §4.2: one bit an entry, the first entry in the lowest bit of the first byte, compressed with zlib, base64url. The
 * compression runs in the thread pool. Run lengths are all that there is to compress in such a list: to look for more would take
 * seventy times as long and save nothing.
 * @param size entries, a multiple of eight
 */
export async function encodeStatusList(revoked: readonly number[], size: number): Promise<string> {
  const bytes = Buffer.alloc(size / 8)
  for (const index of revoked) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7))
  const compressed = await promisify(deflate)(bytes, { level: 9, strategy: constants.Z_RLE })
  return compressed.toString('base64url')
}

/**
 * When a list is said to have been issued: the same wherever and however often it is made in a minute, so that equal revisions are
 * equal bytes. A revision of the future is that of a clock which was set back since: a document of the future nobody accepts.
 */
export function issuedAtOf({ revisedAtMs, readAtMs }: Pick<SeenStatusList, 'revisedAtMs' | 'readAtMs'>): number {
  const minuteMs = Math.floor(readAtMs / MINUTE_MS) * MINUTE_MS
  return toSeconds(revisedAtMs <= readAtMs ? Math.max(revisedAtMs, minuteMs) : minuteMs)
}

/** @param iat seconds */
export function statusListClaims(issuer: string, listId: string, iat: number, lst: string): object {
  return {
    // Several libraries look for the key by it.
    iss: issuer,
    sub: statusListUri(issuer, listId),
    iat,
    exp: iat + STATUS_LIST_LIFETIME,
    ttl: STATUS_LIST_TTL,
    status_list: { bits: 1, lst },
  }
}
