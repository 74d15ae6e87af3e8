/** A stored hash that was read, whatever computes it. */
export interface ComputableHash {
  /** Of one computation; the unit is an Argon2id of ours (`ours` of argon2.ts). */
  readonly cost: number
  /** What it has beyond the limits of an import, as a sentence without anything of the hash. */
  readonly problem: string | undefined
  /** Computed off the main thread. @param password at least one byte, no NUL */
  matches(password: Buffer): Promise<boolean>
}

/** Undefined: the text is none of the algorithm's. */
export type ReadHash = (text: string) => ComputableHash | undefined

/** With one byte, every 256th password would be right. */
const KEY_BYTES = { least: 16, most: 64 }
const SALT_BYTES = { least: 8, most: 1024 }

/** What is wrong with the salt or the key of an imported hash. */
export function materialProblem(salt: Buffer, key: Buffer): string | undefined {
  if (key.length < KEY_BYTES.least) return `The hash has fewer than ${KEY_BYTES.least} bytes.`
  if (key.length > KEY_BYTES.most) return `The hash has more than ${KEY_BYTES.most} bytes.`
  if (salt.length < SALT_BYTES.least) return `The salt has fewer than ${SALT_BYTES.least} bytes.`
  if (salt.length > SALT_BYTES.most) return `The salt has more than ${SALT_BYTES.most} bytes.`
  return undefined
}
