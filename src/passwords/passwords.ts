/**
 * Passwords: Argon2id with the parameters of the OWASP Password Storage Cheat Sheet (m=19 MiB, t=2, p=1), NFC before hashing
 * (NIST SP 800-63B-4 §3.1.1.2). The one place in which a password is hashed or compared.
 */

import type { Logger } from 'pino'
import type { User } from '../records/user.ts'
import type { HashingLane } from './hashing-lane.ts'
import { newPasswordProblem, normalizePassword } from './password-rules.ts'
import type { Turn } from './turn.ts'

const MEMORY_KIB = 19456
const PASSES = 2
const PARALLELISM = 1
/** `Algorithm.Argon2id`, a const enum that native type stripping can't read. */
const ARGON2ID = 2
const currentParameters = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${PARALLELISM}$`

/** What it costs, in the lane's unit. */
const OURS = 1

/** A hash that no password has, so that a name without an account costs what a wrong password costs. */
const nobodysHash = `${currentParameters}${'A'.repeat(22)}$${'A'.repeat(43)}`

/** The primitive. Tests hold it back to see what happens meanwhile. */
export interface PasswordHasher {
  hash(password: string): Promise<string>
  /** @throws when `hash` can't be parsed */
  verify(hash: string, password: string): Promise<boolean>
}

/** The message is for the operator who started the service. */
export class HashingUnavailable extends Error {
  override readonly name = 'HashingUnavailable'
}

/**
 * Loads the native module. A service does so at its start, which takes some 5 ms, so that not the first user who signs in finds out
 * that it does not run on this machine.
 * @throws HashingUnavailable
 */
export async function loadArgon2(): Promise<void> {
  await import('@node-rs/argon2').catch(error => {
    throw new HashingUnavailable(`Argon2 can't be loaded on this machine: ${(error as Error).message}`, {
      cause: error,
    })
  })
}

/** Argon2id in the thread pool; a command that hashes nothing never loads the native module. */
export const argon2id: PasswordHasher = {
  async hash(password) {
    const { hash } = await import('@node-rs/argon2')
    return hash(password, { algorithm: ARGON2ID, memoryCost: MEMORY_KIB, timeCost: PASSES, parallelism: PARALLELISM })
  },
  async verify(hash, password) {
    const { verify } = await import('@node-rs/argon2')
    return verify(hash, password)
  },
}

/** The rules refuse a new password; the message is for whoever chose it. */
export class PasswordRefused extends Error {
  override readonly name = 'PasswordRefused'
}

/** Whose password, and its stored hash. */
export type StoredPassword = Pick<User, 'userId' | 'passwordHash'>

export interface PasswordCheck {
  readonly matches: boolean
  /** Whether the stored hash was made with other parameters than today's. */
  readonly outdated: boolean
}

export interface Passwords {
  /**
   * Compares in the same time whether or not there is such a user, and whether or not it can be read.
   * @throws TooManyWaiting before any work
   */
  verify(turn: Turn, user: StoredPassword | undefined, password: string): Promise<PasswordCheck>
  /**
   * @param words what the password must not be made of: the username
   * @throws PasswordRefused
   */
  hashNew(turn: Turn, password: string, words: readonly string[]): Promise<string>
  /** The same password under today's parameters: no rule is asked, because it is in use already. */
  rehash(turn: Turn, password: string): Promise<string>
}

export function createPasswords(options: {
  readonly hasher: PasswordHasher
  readonly lane: HashingLane
  readonly log: Logger
}): Passwords {
  const { hasher, lane, log } = options

  async function compare(user: StoredPassword | undefined, password: string): Promise<boolean> {
    try {
      return (await hasher.verify(user?.passwordHash ?? nobodysHash, password)) && user !== undefined
    } catch (error) {
      log.error({ user_id: user?.userId, err: error }, 'a stored password hash cannot be read; its user cannot sign in')
      await hasher.verify(nobodysHash, password)
      return false
    }
  }

  const rehash = (turn: Turn, password: string) => lane.run(turn, OURS, () => hasher.hash(normalizePassword(password)))

  return {
    async verify(turn, user, password) {
      const matches = await lane.run(turn, OURS, () => compare(user, normalizePassword(password)))
      return { matches, outdated: matches && !user?.passwordHash.startsWith(currentParameters) }
    },
    async hashNew(turn, password, words) {
      const problem = await newPasswordProblem(password, [...words, 'signet'])
      if (problem !== undefined) throw new PasswordRefused(problem)
      return rehash(turn, password)
    },
    rehash,
  }
}
