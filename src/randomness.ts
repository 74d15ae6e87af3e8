import { randomBytes } from 'node:crypto'

/** The only source of randomness. Tests may hand in one that repeats. */
export interface Randomness {
  /** Unpredictable bytes. */
  bytes(size: number): Buffer
}

/** Each call to the system's generator costs some microseconds, so several are served from one. */
const POOL_BYTES = 2048

function pooled(): Randomness {
  let pool = Buffer.alloc(0)
  let used = 0
  return {
    bytes(size) {
      if (size > POOL_BYTES) return randomBytes(size)
      if (used + size > pool.length) {
        pool = randomBytes(POOL_BYTES)
        used = 0
      }
      // A copy, and the original wiped: no byte is given twice, or stays here after it was given.
      const bytes = Buffer.from(pool.subarray(used, used + size))
      pool.fill(0, used, used + size)
      used += size
      return bytes
    },
  }
}

export const systemRandomness: Randomness = pooled()

/** An identifier that is never reused: a readable prefix and 128 random bits. */
export const randomId = (randomness: Randomness, prefix: string): string =>
  `${prefix}_${randomness.bytes(16).toString('hex')}`

/** The same with the time in front: rows that are inserted in this order touch few pages of their index (as RFC 9562 §5.7). */
export const orderedId = (randomness: Randomness, nowMs: number, prefix: string): string =>
  `${prefix}_${nowMs.toString(16).padStart(12, '0')}${randomness.bytes(10).toString('hex')}`

/** What the ids of this time and later lie behind. */
export const startOfIds = (ms: number, prefix: string): string => `${prefix}_${ms.toString(16).padStart(12, '0')}`
