/**
 * Passwords: Argon2id, NFC before hashing (NIST SP 800-63B-4 §3.1.1.2). The one place in which a password is hashed or compared.
 */

import type { Logger } from 'pino'
import { isActive } from '../records/standing.ts'
import type { User, UserReader } from '../records/user.ts'
import { nobodysHash, ours } from './algorithms/argon2.ts'
import type { HashingLane } from './hashing-lane.ts'
import { newPasswordProblem, normalizePassword } from './password-rules.ts'
import { createRefusalTime } from './refusal-time.ts'
import { readStoredHash, type StoredHash } from './stored-hash.ts'
import type { Turn } from './turn.ts'

/** `Algorithm.Argon2id`, a const enum that native type stripping can't read. */
const ARGON2ID = 2

/** The primitives. Tests hold them back to see what happens meanwhile. */
export interface PasswordHasher {
  hash(password: string): Promise<string>
  /**
   * @param stored as it is stored
   * @param candidate as it may have been hashed
   * @throws when the stored hash can't be read
   */
  verify(stored: string, candidate: string): Promise<boolean>
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

/** In the thread pool; a command that hashes nothing never loads the native module. */
export const passwordHasher: PasswordHasher = {
  async hash(password) {
    const { hash } = await import('@node-rs/argon2')
    return hash(password, { algorithm: ARGON2ID, ...ours })
  },
  async verify(stored, candidate) {
    const hash = readStoredHash(stored)
    if (hash === undefined) throw new TypeError('The hash is of no known form.')
    return hash.matches(candidate)
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
  /** Whether the stored hash was made otherwise than today. */
  readonly outdated: boolean
}

export interface Passwords {
  /**
   * Takes the same time whenever nobody may sign in: there is no such user, or it is disabled, or has another password, or one whose
   * hash can't be read or was made by another system.
   * @throws TooManyWaiting before any work
   */
  verify(turn: Turn, user: StoredPassword | undefined, password: string): Promise<PasswordCheck>
  /** Of somebody who is signed in, from whom nothing of the account is hidden: it takes no longer than it must. @throws TooManyWaiting */
  isOf(turn: Turn, user: StoredPassword, password: string): Promise<boolean>
  /** What the rules say against a new password. @param words what it must not be made of: the username */
  problemOf(password: string, words: readonly string[]): Promise<string | undefined>
  /** @throws PasswordRefused, when the rules say something */
  hashNew(turn: Turn, password: string, words: readonly string[]): Promise<string>
  /** The same password under today's parameters: no rule is asked, because it is in use already. */
  rehash(turn: Turn, password: string): Promise<string>
}

/** Of an Argon2id of ours. */
const COST_OF_OURS = 1

/** What a password is compared with. */
interface Compared {
  readonly text: string
  readonly hash: StoredHash
  /** Undefined: nobody's, which no password has. */
  readonly user: StoredPassword | undefined
}

const nobodys: Compared = { text: nobodysHash, hash: readStoredHash(nobodysHash) as StoredHash, user: undefined }

/** As many as 256 characters have, in whatever spelling; normalising much more would keep everybody else waiting. */
const MOST_BYTES = 4096

/** No password has a NUL, behind which bcrypt would read no further, or half a character, which stands for any other half when it is hashed. */
const mayBePassword = (typed: string): boolean =>
  Buffer.byteLength(typed) <= MOST_BYTES && typed.isWellFormed() && !typed.includes('\0')

/** Nothing, where it is nobody's. */
const readPassword = (typed: string): string => (mayBePassword(typed) ? typed : '')

export function createPasswords(options: {
  readonly hasher: PasswordHasher
  readonly lane: Pick<HashingLane, 'run'>
  readonly users: () => Promise<Pick<UserReader, 'dearestHashCost' | 'findHashOfCost'>>
  /** A clock that nobody sets. */
  readonly elapsedMs: () => number
  readonly pause: (milliseconds: number) => Promise<void>
  readonly log: Logger
}): Passwords {
  const { hasher, lane, users, elapsedMs, pause, log } = options
  const refusalTime = createRefusalTime({ verify: hasher.verify, lane, users, elapsedMs })

  const sayUnreadable = ({ userId }: StoredPassword, error: unknown) =>
    log.error({ user_id: userId, err: error }, 'a stored password hash cannot be read; its user cannot sign in')

  function comparedWith(user: StoredPassword | undefined, password: string): Compared {
    if (user === undefined || password === '') return nobodys
    const hash = readStoredHash(user.passwordHash)
    if (hash !== undefined && hash.problem === undefined) return { text: user.passwordHash, hash, user }
    sayUnreadable(user, new TypeError(hash?.problem ?? 'The hash is of no known form.'))
    return nobodys
  }

  /** What turns out to be unreadable costs what an unknown name costs. */
  async function compare({ text, user }: Compared, candidates: readonly string[]): Promise<boolean> {
    try {
      for (const candidate of candidates) if (await hasher.verify(text, candidate)) return user !== undefined
    } catch (error) {
      if (user === undefined) throw error
      sayUnreadable(user, error)
      await hasher.verify(nobodysHash, '')
    }
    return false
  }

  async function check(turn: Turn, compared: Compared, password: string) {
    const candidates = compared.hash.candidates(password)
    return lane.run(turn, compared.hash.cost * candidates.length, async () => {
      const beganMs = elapsedMs()
      const matches = await compare(compared, candidates)
      return { matches, beganMs, tookMs: elapsedMs() - beganMs }
    })
  }

  async function waitLikeDearest(beganMs: number, password: string): Promise<void> {
    const leftMs = beganMs + (await refusalTime.leastMs(password)) - elapsedMs()
    if (leftMs > 0) await pause(leftMs)
  }

  const rehash = (turn: Turn, password: string) =>
    lane.run(turn, COST_OF_OURS, () => hasher.hash(normalizePassword(password)))

  const problemOf = (password: string, words: readonly string[]) => newPasswordProblem(password, [...words, 'signet'])

  return {
    problemOf,
    async verify(turn, user, typed) {
      const password = readPassword(typed)
      const compared = comparedWith(user, password)
      const { isCurrent } = compared.hash
      const { matches, beganMs, tookMs } = await check(turn, compared, password)
      if (!(matches && user && isActive(user.status))) await waitLikeDearest(beganMs, password)
      // Afterwards: what this check took must not be in what it waits for.
      if (isCurrent) refusalTime.noteOurs(tookMs)
      return { matches, outdated: matches && !isCurrent }
    },
    async isOf(turn, user, typed) {
      const password = readPassword(typed)
      return (await check(turn, comparedWith(user, password), password)).matches
    },
    async hashNew(turn, password, words) {
      const problem = await problemOf(password, words)
      if (problem !== undefined) throw new PasswordRefused(problem)
      return rehash(turn, password)
    },
    rehash,
  }
}
