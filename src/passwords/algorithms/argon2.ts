/**
 * Argon2 (RFC 9106) in the PHC string format, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`: our own hashes, and imported ones, to whose parameters
 * a `secret` (§3.1) may be added.
 */
import { fromBase64, toBase64 } from './base64.ts'
import { type ComputableHash, materialProblem } from './computable-hash.ts'

/** Those of the OWASP Password Storage Cheat Sheet: m=19 MiB, t=2, p=1. */
export const ours = { memoryCost: 19456, timeCost: 2, parallelism: 1 }
export const ourParameters = `$argon2id$v=19$m=${ours.memoryCost},t=${ours.timeCost},p=${ours.parallelism}$`

/** A hash that no password has: a check which has nothing to compare costs as much as any other. */
export const nobodysHash = `${ourParameters}${'A'.repeat(22)}$${'A'.repeat(43)}`

const MOST_MEMORY_KIB = 256 * 1024
const MOST_PARALLELISM = 16

export interface Argon2Fields {
  readonly type: 'argon2d' | 'argon2i' | 'argon2id'
  readonly version: 16 | 19
  /** In KiB. */
  readonly memoryCost: number
  readonly timeCost: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly tag: Buffer
  readonly secret?: Buffer | undefined
}

export const spellArgon2 = ({ type, version, salt, tag, secret, ...costs }: Argon2Fields): string => {
  const parameters = `m=${costs.memoryCost},t=${costs.timeCost},p=${costs.parallelism}`
  const kept = secret === undefined ? '' : `,secret=${toBase64(secret)}`
  return `$${type}$v=${version}$${parameters}${kept}$${toBase64(salt)}$${toBase64(tag)}`
}

const pattern =
  /^(\$argon2(?:id|i|d)\$v=(?:16|19)\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10}))(?:,secret=([A-Za-z0-9+/]*))?(\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+))$/

/** Of a lane in a pass, measured: each of its four slices is a thread of its own, which counts only where there is hardly any memory. */
const COST_OF_LANE = 1e-3

/** Memory times passes, for that is what Argon2 fills. */
const costOf = (memoryCost: number, timeCost: number, parallelism: number): number =>
  Math.max((memoryCost * timeCost) / (ours.memoryCost * ours.timeCost), timeCost * parallelism * COST_OF_LANE)

function problemOf(memoryCost: number, parallelism: number, salt: string, tag: string): string | undefined {
  if (memoryCost > MOST_MEMORY_KIB) return `Argon2 with more than ${MOST_MEMORY_KIB / 1024} MiB is not supported.`
  if (parallelism > MOST_PARALLELISM)
    return `Argon2 with a parallelism of more than ${MOST_PARALLELISM} is not supported.`
  if (parallelism < 1 || memoryCost < 8 * parallelism) return 'Argon2 needs at least 8 KiB of memory for each lane.'
  const [saltBytes, tagBytes] = [fromBase64(salt), fromBase64(tag)]
  if (saltBytes === undefined || tagBytes === undefined) return 'The salt or the hash of Argon2 is not base64.'
  return materialProblem(saltBytes, tagBytes)
}

export function readArgon2(text: string): ComputableHash | undefined {
  const [, parameters, m, t, p, secret, rest, salt = '', tag = ''] = pattern.exec(text) ?? []
  if (parameters === undefined) return undefined
  const [memoryCost, timeCost, parallelism] = [Number(m), Number(t), Number(p)]
  return {
    cost: costOf(memoryCost, timeCost, parallelism),
    problem: timeCost < 1 ? 'Argon2 needs at least one pass.' : problemOf(memoryCost, parallelism, salt, tag),
    async matches(password) {
      const { verify } = await import('@node-rs/argon2')
      const kept = secret === undefined ? undefined : fromBase64(secret)
      return verify(`${parameters}${rest}`, password, kept && { secret: kept })
    },
  }
}
