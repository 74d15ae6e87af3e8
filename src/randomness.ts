import { randomBytes } from 'node:crypto'

/** The only source of randomness. Tests may hand in one that repeats. */
export interface Randomness {
  /** Unpredictable bytes. */
  bytes(size: number): Buffer
}

export const systemRandomness: Randomness = { bytes: size => randomBytes(size) }

/** An identifier that is never reused: a readable prefix and 128 random bits. */
export const randomId = (randomness: Randomness, prefix: string): string =>
  `${prefix}_${randomness.bytes(16).toString('hex')}`
