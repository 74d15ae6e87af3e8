/** The signature algorithms of RFC 7518 §3.3 and §3.4 and RFC 8037 §3.1, and the keys that each of them takes. */
import { type KeyObject, verify } from 'node:crypto'
import { decodeBase64url, type JsonObject } from './decoding.ts'
import type { SignatureAlgorithm } from './signature-algorithm.ts'

interface AlgorithmRules {
  readonly kty: string
  readonly crv?: string
  /** The members of a public key that hold its numbers. */
  readonly numbers: readonly string[]
  /** Why a key is too weak or no key at all; undefined when it is fit. */
  readonly flaw: (numbers: readonly Buffer[]) => string | undefined
  readonly verify: (key: KeyObject, input: Buffer, signature: Buffer) => boolean
}

const CURVE_BYTES = 32
const offCurve = (numbers: readonly Buffer[]): string | undefined =>
  numbers.every(({ length }) => length === CURVE_BYTES) ? undefined : 'its coordinates have another size'

export const algorithmRules: Readonly<Record<SignatureAlgorithm, AlgorithmRules>> = {
  RS256: {
    kty: 'RSA',
    numbers: ['n', 'e'],
    flaw: rsaFlaw,
    verify: (key, input, signature) => verify('sha256', input, key, signature),
  },
  ES256: {
    kty: 'EC',
    crv: 'P-256',
    numbers: ['x', 'y'],
    flaw: offCurve,
    // R and S side by side (RFC 7518 §3.4).
    verify: (key, input, signature) => verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature),
  },
  EdDSA: {
    kty: 'OKP',
    crv: 'Ed25519',
    numbers: ['x'],
    flaw: offCurve,
    verify: (key, input, signature) => verify(null, input, key, signature),
  },
}

export const isSignatureAlgorithm = (value: unknown): value is SignatureAlgorithm =>
  typeof value === 'string' && Object.hasOwn(algorithmRules, value)

/** The algorithm for which a key of this type is used: each type has one. */
export const algorithmOf = ({ kty, crv }: JsonObject): SignatureAlgorithm | undefined =>
  Object.keys(algorithmRules).find((name): name is SignatureAlgorithm => {
    const rules = algorithmRules[name as SignatureAlgorithm]
    return rules.kty === kty && rules.crv === crv
  })

const MIN_MODULUS_BITS = 2048
const MIN_EXPONENT = 65537n

const toInteger = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`)

/** RFC 7518 §3.3 and §2 (no leading zero octets); an exponent below 65537 makes some forgeries easier (NIST SP 800-56B §6.2). */
function rsaFlaw([modulus, exponent]: readonly Buffer[]): string | undefined {
  if (!modulus?.[0] || !exponent?.[0]) return 'its numbers are empty or begin with a zero'
  if (toInteger(modulus).toString(2).length < MIN_MODULUS_BITS) return `it has fewer than ${MIN_MODULUS_BITS} bits`
  const e = toInteger(exponent)
  if (e < MIN_EXPONENT || e % 2n === 0n) return `its exponent is even or less than ${MIN_EXPONENT}`
  return undefined
}

/** The numbers of a public key, decoded; undefined when they are not all there. */
export function numbersOf(jwk: JsonObject, { numbers }: AlgorithmRules): readonly Buffer[] | undefined {
  const decoded = numbers
    .map(name => jwk[name])
    .map(value => (typeof value === 'string' ? decodeBase64url(value) : undefined))
  return decoded.every(bytes => bytes !== undefined) ? decoded : undefined
}
