/**
 * phpass (Openwall), `$P$B` and 30 characters: MD5 over MD5, as often as the fourth character says. There is no asynchronous form of it,
 * so it is computed in threads of its own.
 */
import type { ComputableHash } from './computable-hash.ts'
import { computeInThread } from './phpass-thread.ts'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const pattern = /^\$[PH]\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]{22})$/
/** phpass itself makes none with fewer than 2^7. */
const LOG2_ROUNDS = { least: 7, most: 17 }
/** Of a round, measured. */
const COST = 1.5e-4

/** Its base64 begins with the lowest bits. @param text 22 characters for the 16 bytes of an MD5 */
function decode(text: string): Buffer {
  const bytes = Buffer.alloc(16)
  Array.from(text, char => alphabet.indexOf(char)).forEach((value, index) => {
    const bit = 6 * index
    const at = bit >> 3
    const shifted = value << (bit & 7)
    bytes[at] = (bytes[at] ?? 0) | (shifted & 0xff)
    if (at + 1 < bytes.length) bytes[at + 1] = (bytes[at + 1] ?? 0) | (shifted >> 8)
  })
  return bytes
}

function roundsProblem(log2Rounds: number): string | undefined {
  if (log2Rounds < LOG2_ROUNDS.least) return `phpass with fewer than 2^${LOG2_ROUNDS.least} rounds.`
  return log2Rounds > LOG2_ROUNDS.most ? `phpass with more than 2^${LOG2_ROUNDS.most} rounds.` : undefined
}

export function readPhpass(text: string): ComputableHash | undefined {
  const [, rounds = '', salt = '', hash = ''] = pattern.exec(text) ?? []
  if (hash === '') return undefined
  const log2Rounds = alphabet.indexOf(rounds)
  return {
    cost: 2 ** log2Rounds * COST,
    problem: roundsProblem(log2Rounds),
    matches: async password =>
      (await computeInThread({ password, salt: Buffer.from(salt), rounds: 2 ** log2Rounds })).equals(decode(hash)),
  }
}
