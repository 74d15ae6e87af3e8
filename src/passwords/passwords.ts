/**
 * Passwords: Argon2id, NFC before hashing (NIST SP 800-63B-4 §3.1.1.2). The one place in which a password is hashed or compared.
 */

import type { Logger } from 'pino'
import { isActive } from '../records/standing.ts'
import type { User } from '../records/user.ts'
import { costOf, nobodysHash, ourParameters, ours, parametersOf } from './hash-parameters.ts'
import type { HashingLane } from './hashing-lane.ts'
import { newPasswordProblem, normalizePassword } from './password-rules.ts'
import type { Turn } from './turn.ts'

/** `Algorithm.Argon2id`, a const enum that native type stripping can't read. */
const ARGON2ID = 2

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
    return hash(password, { algorithm: ARGON2ID, ...ours })
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
export type StoredPassword = Pick<User, 'userId' | 'passwordHash' | 'status'>

export interface PasswordCheck {
  readonly matches: boolean
  /** Whether the stored hash was made with other parameters than today's. */
  readonly outdated: boolean
}

export interface Passwords {
  /**
   * Does the same work whenever nobody may sign in: there is no such user, or it is disabled, or has another password, or one whose
   * hash can't be read or was made with other parameters.
   * @throws TooManyWaiting before any work
   */
  verify(turn: Turn, user: StoredPassword | undefined, password: string): Promise<PasswordCheck>
  /** What the rules say against a new password. @param words what it must not be made of: the username */
  problemOf(password: string, words: readonly string[]): Promise<string | undefined>
  /** @throws PasswordRefused, when the rules say something */
  hashNew(turn: Turn, password: string, words: readonly string[]): Promise<string>
  /** The same password under today's parameters: no rule is asked, because it is in use already. */
  rehash(turn: Turn, password: string): Promise<string>
}

export function createPasswords(options: {
  readonly hasher: PasswordHasher
  readonly lane: Pick<HashingLane, 'run'>
  readonly log: Logger
}): Passwords {
  const { hasher, lane, log } = options

  /** With which parameters stored hashes were made, as far as they were met; each costs every refused check once. */
  const met = new Set([ourParameters])

  /** The same for every name, so that the lane has room for all of them or for none. */
  const costOfCheck = () => Array.from(met, costOf).reduce((sum, cost) => sum + cost)

  /** Undefined when the stored hash can't be read. */
  async function compareWithStored({ userId, passwordHash }: StoredPassword, password: string) {
    try {
      return await hasher.verify(passwordHash, password)
    } catch (error) {
      log.error({ user_id: userId, err: error }, 'a stored password hash cannot be read; its user cannot sign in')
      return undefined
    }
  }

  /** A hash of each parameters, in one order for every name: what was computed before makes the next one faster or slower. */
  async function compare(user: StoredPassword | undefined, password: string): Promise<boolean> {
    const own = user && parametersOf(user.passwordHash)
    let matches = false
    for (const parameters of new Set([...met, own])) {
      const isRight = user && parameters === own ? await compareWithStored(user, password) : undefined
      if (isRight !== undefined) {
        if (parameters !== undefined) met.add(parameters)
        // Who signs in has nothing to hide.
        if (isRight && user !== undefined && isActive(user.status)) return true
        matches = isRight
      } else if (parameters !== undefined && met.has(parameters)) await hasher.verify(nobodysHash(parameters), password)
    }
    return matches
  }

  const rehash = (turn: Turn, password: string) =>
    lane.run(turn, costOf(ourParameters), () => hasher.hash(normalizePassword(password)))

  const problemOf = (password: string, words: readonly string[]) => newPasswordProblem(password, [...words, 'signet'])

  return {
    problemOf,
    async verify(turn, user, password) {
      const matches = await lane.run(turn, costOfCheck(), () => compare(user, normalizePassword(password)))
      return { matches, outdated: matches && !user?.passwordHash.startsWith(ourParameters) }
    },
    async hashNew(turn, password, words) {
      const problem = await problemOf(password, words)
      if (problem !== undefined) throw new PasswordRefused(problem)
      return rehash(turn, password)
    },
    rehash,
  }
}
