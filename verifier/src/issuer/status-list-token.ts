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
  readonly iat: number
  readonly exp: number
  /** What it says, packed. */
  readonly content: string
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
  held: StatusList | undefined,
  { verifyStatusList, now, clockTolerance }: ListRules,
): Promise<StatusList> {
  const { payload } = await verifyStatusList(Buffer.from(body).toString('latin1'))
  const { sub, iat, exp, status_list: list } = payload
  if (sub !== uri) throw new Error('It is the list of another uri.')
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw new Error('It does not say when it was issued.')
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw new Error('It does not say when it expires.')
  assertCurrent({ exp }, now(), clockTolerance)
  if (!isJsonObject(list)) throw new Error('It has no status_list.')
  const content = JSON.stringify([list['bits'], list['lst']])
  // An older one would take revocations back. One of the future says only that a clock was wrong: it must not keep out what follows.
  const isHeldOfTheFuture = held !== undefined && held.iat > now() / 1000 + clockTolerance
  if (held !== undefined && iat < held.iat && !isHeldOfTheFuture) {
    // Another instance of the issuer made it sooner: that is no news, and no outage.
    if (content === held.content) return held
    throw new Error('It is older than the one at hand.')
  }
  return { iat, exp, content, statusAt: reader(await unpack(list['lst']), list['bits']) }
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
