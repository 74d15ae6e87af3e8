/**
 * scrypt (RFC 7914), `$scrypt$n=16384,r=8,p=1$salt$key`; and Firebase's, `$scrypt-ctr$…`, whose key encrypts a text that is the same for
 * all users of a project: what is stored is the stream by which it was encrypted (AES-256 in counter mode, from zero).
 */
import { createCipheriv, scrypt, timingSafeEqual } from 'node:crypto'
import { fromBase64, toBase64 } from './base64.ts'
import { type ComputableHash, materialProblem } from './computable-hash.ts'

export interface ScryptFields {
  /** N of the RFC, a power of two. */
  readonly n: number
  readonly r: number
  readonly p: number
  readonly salt: Buffer
  /** Of `scrypt-ctr`: the stream. */
  readonly key: Buffer
}

export const spellScrypt = ({ n, r, p, salt, key }: ScryptFields, name: 'scrypt' | 'scrypt-ctr' = 'scrypt'): string =>
  `$${name}$n=${n},r=${r},p=${p}$${toBase64(salt)}$${toBase64(key)}`

/** Of (n + 4) · r · p, measured; the 4 are PBKDF2 before and after, which nobody would notice with an n that makes sense. */
const COST = 2.1e-5
const BESIDE_N = 4
const MOST_BYTES = 128 * 1024 * 1024
const AES_KEY_BYTES = 32
const CTR_START = Buffer.alloc(16)

const pattern = /^\$scrypt(-ctr)?\$n=(\d{1,10}),r=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]*)$/

function problemOf({ n, r, p }: Pick<ScryptFields, 'n' | 'r' | 'p'>): string | undefined {
  // RFC 7914 §2: N is a power of two, and less than 2^(128 · r / 8).
  if (n < 2 || r < 1 || p < 1 || !Number.isInteger(Math.log2(n)) || Math.log2(n) >= 16 * r) {
    return 'The parameters are not valid for scrypt.'
  }
  return 128 * n * r > MOST_BYTES || 128 * r * p > MOST_BYTES
    ? `scrypt with more than ${MOST_BYTES / 1024 / 1024} MiB is not supported.`
    : undefined
}

/** Node's own bound is 32 MiB, and what N and r take is less than what OpenSSL counts. */
const derive = (password: Buffer, { n, r, p, salt }: Omit<ScryptFields, 'key'>, bytes: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: n, r, p, maxmem: 128 * r * (n + p + 2) }
    scrypt(password, salt, bytes, options, (error, key) => (error ? reject(error) : resolve(key)))
  })

/** The first bytes by which AES-256-CTR encrypts under the key. */
const streamOf = (key: Buffer, bytes: number): Buffer =>
  createCipheriv('aes-256-ctr', key, CTR_START).update(Buffer.alloc(bytes))

export function readScrypt(text: string): ComputableHash | undefined {
  const [, ctr, digitsOfN, digitsOfR, digitsOfP, ...material] = pattern.exec(text) ?? []
  const [salt, key] = material.map(fromBase64)
  if (salt === undefined || key === undefined) return undefined
  const [n, r, p] = [Number(digitsOfN), Number(digitsOfR), Number(digitsOfP)]
  return {
    cost: (n + BESIDE_N) * r * p * COST,
    problem: problemOf({ n, r, p }) ?? materialProblem(salt, key),
    async matches(password) {
      const fields = { n, r, p, salt }
      const derived =
        ctr === undefined ? await derive(password, fields, key.length) : await derive(password, fields, AES_KEY_BYTES)
      return timingSafeEqual(ctr === undefined ? derived : streamOf(derived, key.length), key)
    },
  }
}
