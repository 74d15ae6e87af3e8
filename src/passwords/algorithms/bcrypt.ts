/** bcrypt (Provos and Mazières, 1999), `$2b$12$` and 53 characters: it takes the first 72 bytes of a password. */
import type { ComputableHash } from './computable-hash.ts'

const MOST_BYTES = 72
/** Of cost 10, which doubles with each step. */
const COST_OF_TEN = 2.8

const pattern = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/

/** `./A-Za-z0-9`, the alphabet of bcrypt's base64. */
const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const SALT_END = 28
const HASH_END = 59

/** The last character of the salt stands for two bits and that of the hash for four; old libraries left the others as they came. */
export function canonicalBcrypt(text: string): string {
  const masked = (index: number, mask: number) => alphabet[alphabet.indexOf(text[index] ?? '') & mask]
  return `${text.slice(0, SALT_END)}${masked(SALT_END, 0x30)}${text.slice(SALT_END + 1, HASH_END)}${masked(HASH_END, 0x3c)}`
}

export const isBcrypt = (text: string): boolean => pattern.test(text)

export function readBcrypt(text: string): ComputableHash | undefined {
  const [, cost] = pattern.exec(text) ?? []
  if (cost === undefined) return undefined
  return {
    cost: COST_OF_TEN * 2 ** (Number(cost) - 10),
    problem: undefined,
    async matches(password) {
      const { verify } = await import('@node-rs/bcrypt')
      return verify(password.subarray(0, MOST_BYTES), text)
    },
  }
}
