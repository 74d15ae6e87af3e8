/** The Token Status List itself (draft-ietf-oauth-status-list): its bytes (§4) and the claims of its JWT (§5.1). */
import { promisify } from 'node:util'
import { constants, deflate } from 'node:zlib'
import { toSeconds } from '../../clock.ts'

/** How long a verifier may keep a document before it asks again, in seconds. */
export const STATUS_LIST_TTL = 10
/** How long a document is worth anything, in seconds. */
export const STATUS_LIST_LIFETIME = 24 * 60 * 60
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

/** @param readAtMs when the state was read that the list shows */
export function statusListClaims(uri: string, lst: string, readAtMs: number): object {
  const iat = toSeconds(readAtMs)
  return { sub: uri, iat, exp: iat + STATUS_LIST_LIFETIME, ttl: STATUS_LIST_TTL, status_list: { bits: 1, lst } }
}
