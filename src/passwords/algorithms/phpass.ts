/**
 * phpass (Openwall), `$P$B` and 30 characters: MD5 over MD5, as often as the fourth character says. There is no asynchronous form of it,
 * so it is computed in threads of its own.
 */
import { timingSafeEqual } from 'node:crypto'
import type { ComputableHash } from './computable-hash.ts'
import { computeInThread } from './phpass-thread.ts'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const pattern = /^\$[PH]\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]{22})$/
/** phpass itself makes none with fewer than 2^7. */
const LOG2_ROUNDS = { least: 7, most: 17 }
/** Each round reads all of a password. phpass itself takes four times as many, which nobody has. */
export const MOST_PHPASS_BYTES = 1024
/** Of a round, measured. */
const COST = 1.5e-4

/** Its base64 begins with the lowest bits. @param bytes 16, of an MD5: 22 characters */
export function encode(bytes: Buffer): string {
  const bits = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
  return Array.from({ length: 22 }, (_, index) => alphabet[Number((bits >> BigInt(6 * index)) & 63n)]).join('')
}

function roundsProblem(log2Rounds: number): string | undefined {
  if (log2Rounds < LOG2_ROUNDS.least) return `phpass with fewer than 2^${LOG2_ROUNDS.least} rounds is not supported.`
  return log2Rounds > LOG2_ROUNDS.most
    ? `phpass with more than 2^${LOG2_ROUNDS.most} rounds is not supported.`
    : undefined
}

export function readPhpass(text: string): ComputableHash | undefined {
  const [, rounds = '', salt = '', hash = ''] = pattern.exec(text) ?? []
  if (hash === '') return undefined
  const log2Rounds = alphabet.indexOf(rounds)
  return {
    cost: 2 ** log2Rounds * COST,
    problem: roundsProblem(log2Rounds),
    async matches(password) {
      if (password.length > MOST_PHPASS_BYTES) return false
      const computed = encode(await computeInThread({ password, salt: Buffer.from(salt), rounds: 2 ** log2Rounds }))
      return timingSafeEqual(Buffer.from(computed), Buffer.from(hash))
    },
  }
}
