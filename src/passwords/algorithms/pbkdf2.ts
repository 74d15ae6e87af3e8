/** PBKDF2 (RFC 8018 §5.2) with HMAC, `$pbkdf2-sha256$i=600000$salt$key`; the key is as long as whoever made it wanted. */
import { pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { fromBase64, toBase64 } from './base64.ts'
import { type ComputableHash, materialProblem } from './computable-hash.ts'

const derive = promisify(pbkdf2)

/** Of an iteration for a block of the key, measured. */
const digests = {
  sha1: { blockBytes: 20, cost: 8.65e-6 },
  sha224: { blockBytes: 28, cost: 1e-5 },
  sha256: { blockBytes: 32, cost: 1e-5 },
  sha384: { blockBytes: 48, cost: 2.4e-5 },
  sha512: { blockBytes: 64, cost: 2.4e-5 },
} as const

export type Digest = keyof typeof digests

export const isDigest = (name: string): name is Digest => Object.hasOwn(digests, name)

export interface Pbkdf2Fields {
  readonly digest: Digest
  readonly iterations: number
  readonly salt: Buffer
  readonly key: Buffer
}

export const spellPbkdf2 = ({ digest, iterations, salt, key }: Pbkdf2Fields): string =>
  `$pbkdf2-${digest}$i=${iterations}$${toBase64(salt)}$${toBase64(key)}`

const pattern = /^\$pbkdf2-(sha1|sha224|sha256|sha384|sha512)\$i=([1-9]\d{0,9})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]*)$/
/** What node:crypto takes. */
const MOST_ITERATIONS = 2 ** 31 - 1

export function readPbkdf2(text: string): ComputableHash | undefined {
  const [, digest = '', digits, ...material] = pattern.exec(text) ?? []
  const [salt, key] = material.map(fromBase64)
  if (!isDigest(digest) || salt === undefined || key === undefined) return undefined
  const iterations = Number(digits)
  const { blockBytes, cost } = digests[digest]
  return {
    cost: iterations * Math.ceil(key.length / blockBytes) * cost,
    problem:
      iterations > MOST_ITERATIONS
        ? `PBKDF2 with more than ${MOST_ITERATIONS} iterations is not supported.`
        : materialProblem(salt, key),
    matches: async password => timingSafeEqual(await derive(password, salt, iterations, key.length, digest), key),
  }
}
