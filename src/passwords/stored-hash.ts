/**
 * What a user's row holds: an Argon2id of ours, or what another system wrote, in a spelling that is the same for all systems (forms/). The
 * second begins with `{any-spelling}`, and is replaced by the first when its user signs in.
 */
import { ourParameters, readArgon2 } from './algorithms/argon2.ts'
import { readBcrypt } from './algorithms/bcrypt.ts'
import type { ReadHash } from './algorithms/computable-hash.ts'
import { readPbkdf2 } from './algorithms/pbkdf2.ts'
import { readPhpass } from './algorithms/phpass.ts'
import { readScrypt } from './algorithms/scrypt.ts'
import { normalizePassword } from './password-rules.ts'
import { type PreparationName, readPreparations, spellPreparation } from './preparations.ts'

/** The strategies; no two read the same text. */
const algorithms: readonly ReadHash[] = [readArgon2, readBcrypt, readPbkdf2, readScrypt, readPhpass]

export interface StoredHash {
  /** Whether it was made as they are made today. */
  readonly isCurrent: boolean
  /** Of one computation; the unit is an Argon2id of ours. */
  readonly cost: number
  /** What it has beyond the limits of an import. */
  readonly problem: string | undefined
  /** What may have been hashed where this was typed, each once: so often it may have to be computed. */
  candidates(password: string): readonly string[]
  /** @throws when the library can't read what it should */
  matches(candidate: string): Promise<boolean>
}

/** Undefined when it can't be read. */
export function readStoredHash(text: string): StoredHash | undefined {
  const prepared = readPreparations(text)
  if (prepared === undefined) return undefined
  const isImported = prepared.hash !== text
  const computable = algorithms.map(read => read(prepared.hash)).find(found => found !== undefined)
  if (computable === undefined) return undefined
  return {
    isCurrent: text.startsWith(ourParameters),
    cost: computable.cost,
    problem: computable.problem,
    candidates: isImported ? prepared.candidates : password => [normalizePassword(password)],
    matches: candidate => computable.matches(Buffer.from(candidate)),
  }
}

/** What a form writes: the hash of an algorithm, and what is done to a password before. */
export const spellImported = (hash: string, ...preparations: (readonly [PreparationName, Buffer?])[]): string =>
  [spellPreparation('any-spelling'), ...preparations.map(each => spellPreparation(...each)), hash].join('')

/** As many as any imported hash has of a password: how long a check may take must not tell which it is. */
export const mostCandidates = (password: string): number =>
  Math.max(
    ...(['maybe-wordpress', 'maybe-symfony'] as const).map(
      name => readPreparations(spellImported('', [name]))?.candidates(password).length ?? 1,
    ),
  )
