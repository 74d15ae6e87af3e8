/**
 * The last two wrong passwords for each account from each place that it is tried from: a device repeats a stored one every few
 * minutes, which is no guess. Hashed under a key of this process, in memory, and not many.
 */
import { createHmac } from 'node:crypto'
import type { Randomness } from '../randomness.ts'

const KEPT_EACH = 2
const MOST_KEPT = 50_000
const KEY_BYTES = 32

export interface LastWrongPasswords {
  /** Whether it is one of them. Afterwards it is. */
  isRepeated(of: string, password: string): boolean
}

export function createLastWrongPasswords(randomness: Randomness): LastWrongPasswords {
  const key = randomness.bytes(KEY_BYTES)
  const kept = new Map<string, readonly string[]>()

  return {
    isRepeated(of, password) {
      const hash = createHmac('sha256', key).update(`${of}\n${password}`).digest('base64url')
      const before = kept.get(of) ?? []
      kept.delete(of)
      kept.set(of, [hash, ...before.filter(other => other !== hash)].slice(0, KEPT_EACH))
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string)
      return before.includes(hash)
    },
  }
}
