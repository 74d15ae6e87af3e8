/**
 * Public keys of others, as far as a signature of theirs is accepted (RFC 7517, RFC 7518 §6). The algorithm follows from the key, never
 * from what a token says (RFC 8725 §3.1).
 */
import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import { hashOf } from './opaque-token.ts'

/** A signature by an Ed25519 key has two names (RFC 8037 §3.1, RFC 9864 §2.2), and whoever signs writes the one that he knows. */
const edwards = ['EdDSA', 'Ed25519'] as const
/** RFC 7518 §3.1, and those. */
export const assertionAlgorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', ...edwards] as const
export type AssertionAlgorithm = (typeof assertionAlgorithms)[number]

/** Its public members alone. */
export interface PublicJwk {
  readonly kid?: string
  readonly alg: AssertionAlgorithm
  readonly kty: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
}

/** What the publisher says that the key is for. */
export type KeyUse = 'sig' | 'jwt-svid'

interface KeyType {
  readonly kty: string
  readonly crv?: string
  readonly members: readonly string[]
  /** The first one is that of a key that names none. */
  readonly algorithms: readonly AssertionAlgorithm[]
}

const keyTypes: readonly KeyType[] = [
  { kty: 'RSA', members: ['n', 'e'], algorithms: ['RS256', 'PS256'] },
  { kty: 'EC', crv: 'P-256', members: ['crv', 'x', 'y'], algorithms: ['ES256'] },
  { kty: 'EC', crv: 'P-384', members: ['crv', 'x', 'y'], algorithms: ['ES384'] },
  { kty: 'EC', crv: 'P-521', members: ['crv', 'x', 'y'], algorithms: ['ES512'] },
  { kty: 'OKP', crv: 'Ed25519', members: ['crv', 'x'], algorithms: edwards },
]

/** What only a private or symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

const LEAST_MODULUS_BITS = 2048
const LARGEST_MODULUS_BITS = 8192
const LEAST_EXPONENT = 65537n
/** FIPS 186-5 allows more; nobody uses one, and verifying would take as long as signing. */
const LARGEST_EXPONENT = 2n ** 32n
/** Of a number in base64url: of the largest modulus, and a little more. */
const LONGEST_NUMBER = 1400
const LONGEST_KID = 512

export type Jwk = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Jwk =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Symmetric keys, too. */
export const holdsSecret = (jwk: Jwk): boolean =>
  jwk['kty'] === 'oct' || SECRET_MEMBERS.some(name => Object.hasOwn(jwk, name))

/** `kid` as far as it can be shown. */
export const kidOf = ({ kid }: Jwk): string | undefined =>
  typeof kid === 'string' && kid !== '' && kid.length <= LONGEST_KID && !/\p{C}/u.test(kid) ? kid : undefined

export const keyObjectOf = ({ kid: _kid, alg: _alg, ...members }: PublicJwk): KeyObject =>
  createPublicKey({ key: members as webcrypto.JsonWebKey, format: 'jwk' })

/** What a token may say that it is signed by, if it is by this key. */
export const algorithmsOf = ({ crv, alg }: PublicJwk): readonly AssertionAlgorithm[] =>
  crv === 'Ed25519' ? edwards : [alg]

/** @param alg as a token says it */
export const signsBy = (key: PublicJwk, alg: unknown): boolean => algorithmsOf(key).some(name => name === alg)

/** RFC 7638. */
export const thumbprintOf = ({ kid: _kid, alg: _alg, ...members }: PublicJwk): string =>
  hashOf(JSON.stringify(members, Object.keys(members).sort()))

/** NIST SP 800-131A §3; an exponent below 65537 makes some forgeries easier (NIST SP 800-56B §6.2), a huge modulus costs the reader. */
function rsaProblem(key: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < LEAST_MODULUS_BITS) return `It has fewer than ${LEAST_MODULUS_BITS} bits.`
  if (modulusLength > LARGEST_MODULUS_BITS) return `It has more than ${LARGEST_MODULUS_BITS} bits.`
  const isUsual = publicExponent >= LEAST_EXPONENT && publicExponent <= LARGEST_EXPONENT && publicExponent % 2n === 1n
  return isUsual ? undefined : `Its exponent is even, less than ${LEAST_EXPONENT} or more than 2^32.`
}

/** What is wrong with the numbers, for the key itself says it. */
function numbersProblem(jwk: PublicJwk): string | undefined {
  const numbers = [jwk.n, jwk.e, jwk.x, jwk.y].filter(number => number !== undefined)
  if (numbers.some(number => typeof number !== 'string' || number.length > LONGEST_NUMBER))
    return 'Its numbers are no key of its type.'
  try {
    const key = keyObjectOf(jwk)
    return jwk.kty === 'RSA' ? rsaProblem(key) : undefined
  } catch {
    return 'Its numbers are no key of its type.'
  }
}

function useProblem(jwk: Jwk, use: KeyUse): string | undefined {
  const { use: published, key_ops: operations } = jwk
  // A bundle of SPIFFE says of each key which kind of document it is for.
  const isRightUse = published === use || (use === 'sig' && published === undefined)
  if (!isRightUse) return `It is for another use than ${use}.`
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'))
    ? undefined
    : 'Its key_ops have no verify.'
}

/** @returns the key, or a sentence that says why it is not used */
export function readPublicKey(jwk: unknown, use: KeyUse): PublicJwk | { readonly problem: string } {
  if (!isObject(jwk)) return { problem: 'It is no JWK.' }
  if (holdsSecret(jwk)) return { problem: 'It is symmetric, or holds its private half.' }
  const type = keyTypes.find(({ kty, crv }) => kty === jwk['kty'] && crv === jwk['crv'])
  if (type === undefined) return { problem: 'It is of a type that is not accepted.' }
  const alg = jwk['alg'] === undefined ? type.algorithms[0] : type.algorithms.find(name => name === jwk['alg'])
  if (alg === undefined) return { problem: `Its alg is none of ${type.algorithms.join(', ')}.` }
  const kid = kidOf(jwk)
  const members = Object.fromEntries(type.members.map(name => [name, jwk[name]]))
  const read = { ...(kid !== undefined && { kid }), alg, kty: type.kty, ...members }
  const problem = useProblem(jwk, use) ?? numbersProblem(read)
  return problem === undefined ? read : { problem }
}
