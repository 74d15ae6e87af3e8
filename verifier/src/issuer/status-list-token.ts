/** A Status List Token (draft-ietf-oauth-status-list §5.1), checked and unpacked. */
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { decodeBase64url, isJsonObject } from '../jose/decoding.ts'
import type { VerifyJws } from '../jose/jws.ts'

export const STATUS_LIST_TYPE = 'statuslist+jwt'
/** Its size is limited when it is fetched. */
export const STATUS_LIST_TOKEN = { type: STATUS_LIST_TYPE, maxLength: Number.POSITIVE_INFINITY }
const MAX_BYTES = 2 ** 20

export interface StatusList {
  /** Seconds. */
  readonly exp: number
  /** §7.1: 0 is valid, all else is not. Undefined when the list has no such index. */
  readonly statusAt: (index: number) => number | undefined
}

export interface ListRules {
  readonly verifyStatusList: VerifyJws
  /** Milliseconds. */
  readonly now: () => number
  /** Seconds. */
  readonly clockTolerance: number
}

/** @throws Error that says why the list does not count (§8.3) */
export async function readStatusList(
  body: Uint8Array,
  uri: string,
  { verifyStatusList, now, clockTolerance }: ListRules,
): Promise<StatusList> {
  const { payload } = await verifyStatusList(Buffer.from(body).toString('latin1'))
  const { sub, iat, exp, status_list: list } = payload
  if (sub !== uri) throw new Error('It is the list of another uri.')
  // Required (§5.1). It is the time of a revocation or of a minute, by a clock that somebody may set: which of two lists is newer it does not say.
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw new Error('It does not say when it was issued.')
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw new Error('It does not say when it expires.')
  assertCurrent({ exp }, now(), clockTolerance)
  if (!isJsonObject(list)) throw new Error('It has no status_list.')
  return { exp, statusAt: reader(await unpack(list['lst']), list['bits']) }
}

/** @throws Error when the list has expired */
export function assertCurrent({ exp }: Pick<StatusList, 'exp'>, nowMs: number, clockTolerance: number): void {
  if (nowMs / 1000 >= exp + clockTolerance) throw new Error('It has expired.')
}

/** §4.1: `lst` is base64url of what zlib compressed. */
async function unpack(lst: unknown): Promise<Buffer> {
  const compressed = typeof lst === 'string' ? decodeBase64url(lst) : undefined
  if (compressed === undefined) throw new Error('Its lst is no base64url.')
  const bytes: Buffer = await promisify<Buffer, object, Buffer>(inflate)(compressed, { maxOutputLength: MAX_BYTES })
  if (bytes.length === 0) throw new Error('It is empty.')
  return bytes
}

/** §4.1: entries of 1, 2, 4 or 8 bits, the first one in the lowest bits of the first byte. */
function reader(bytes: Buffer, bits: unknown): StatusList['statusAt'] {
  if (bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8) throw new Error('Its bits are not 1, 2, 4 or 8.')
  const perByte = 8 / bits
  const mask = 2 ** bits - 1
  return index => {
    const byte = bytes[Math.floor(index / perByte)]
    return byte === undefined ? undefined : (byte >> ((index % perByte) * bits)) & mask
  }
}
