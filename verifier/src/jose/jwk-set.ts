/** A JWK Set (RFC 7517 §5): its bad keys are left out, and the good ones beside them go on. */
import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import { algorithmOf, algorithmRules, numbersOf } from './algorithms.ts'
import { isJsonObject, type JsonObject, parseJsonObject } from './decoding.ts'
import type { SignatureAlgorithm } from './signature-algorithm.ts'

export interface VerificationKey {
  readonly kid: string
  readonly alg: SignatureAlgorithm
  readonly publicKey: KeyObject
  /** The JWK as it was published. */
  readonly jwk: string
}

export interface KeyLeftOut {
  /** Undefined when it has none that can be named. */
  readonly kid: string | undefined
  readonly problem: string
}

export interface KeySet {
  readonly keys: ReadonlyMap<string, VerificationKey>
  readonly leftOut: readonly KeyLeftOut[]
}

const MAX_KEYS = 100

/**
 * @param held the set before this one: a key that is still the same stays the same object
 * @throws Error when it is no JWK Set, or has no usable key
 */
export function readKeySet(bytes: Uint8Array, algorithms: readonly SignatureAlgorithm[], held?: KeySet): KeySet {
  const { keys: jwks } = parseJsonObject(bytes)
  if (!Array.isArray(jwks) || jwks.length > MAX_KEYS) throw new Error('This is no JWK Set, or one without end.')
  const timesSeen = new Map<unknown, number>()
  for (const jwk of jwks) timesSeen.set(jwk?.kid, (timesSeen.get(jwk?.kid) ?? 0) + 1)

  const keys = new Map<string, VerificationKey>()
  const leftOut: KeyLeftOut[] = []
  for (const jwk of jwks) {
    const kid = typeof jwk?.kid === 'string' && jwk.kid !== '' ? jwk.kid : undefined
    try {
      if (!isJsonObject(jwk) || kid === undefined) throw new Error('it is no key with a kid')
      if (timesSeen.get(kid) !== 1) throw new Error('another key has the same kid')
      const before = held?.keys.get(kid)
      keys.set(kid, before?.jwk === JSON.stringify(jwk) ? before : readKey(kid, jwk, algorithms))
    } catch (error) {
      leftOut.push({ kid, problem: (error as Error).message })
    }
  }
  if (keys.size === 0) throw new Error('The JWK Set has no usable key.')
  return { keys, leftOut }
}

/** What only a private or symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

/** @throws Error that says why the key is not used */
function readKey(kid: string, jwk: JsonObject, algorithms: readonly SignatureAlgorithm[]): VerificationKey {
  const alg = algorithmOf(jwk)
  if (alg === undefined || !algorithms.includes(alg)) throw new Error('its type is not among those accepted')
  if (jwk['alg'] !== undefined && jwk['alg'] !== alg) throw new Error('its alg is not among those accepted')
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') throw new Error('it is not for signatures')
  const operations = jwk['key_ops']
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    throw new Error('it is not for verification')
  if (SECRET_MEMBERS.some(name => Object.hasOwn(jwk, name))) throw new Error('it is published with its private half')

  const rules = algorithmRules[alg]
  const numbers = numbersOf(jwk, rules)
  if (numbers === undefined) throw new Error('its numbers are not base64url')
  const flaw = rules.flaw(numbers)
  if (flaw !== undefined) throw new Error(flaw)
  const members = Object.fromEntries(['kty', 'crv', ...rules.numbers].map(name => [name, jwk[name]]))
  const publicKey = createPublicKey({ key: members as webcrypto.JsonWebKey, format: 'jwk' })
  return { kid, alg, publicKey, jwk: JSON.stringify(jwk) }
}
