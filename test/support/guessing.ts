/** Guessing passwords through a service's front door, and how many of the guesses were compared with a stored one. */
import type { Test } from 'tap'
import type { PasswordHasher } from '../../src/passwords/passwords.ts'
import { countersFileOf } from '../../src/records/instance.ts'
import { isOnPostgres } from './environment.ts'
import { fastHasher } from './fast-hasher.ts'
import { type Answer, addAlice, basic, password, type ServeOptions, type Service, secret, serve } from './serve.ts'
import { type Row, select } from './sqlite.ts'

/** The addresses that requests name are believed: every test can come from wherever it likes. */
const behindProxy = { SIGNET_TRUST_PROXY: '127.0.0.1/32' }

/** Counts the passwords that are compared. */
export function countingHasher() {
  let compared = 0
  const hasher: PasswordHasher = {
    ...fastHasher,
    // The hash that nobody has costs nothing here, either.
    async verify(stored, typed) {
      compared += 1
      return stored === (await fastHasher.hash(typed))
    },
  }
  return { hasher, compared: () => compared }
}

export interface Guess {
  readonly username?: string
  readonly password: string
  /** From where. */
  readonly address?: string
  /** Through web-app, which has a secret, in the place of spa, which has none. */
  readonly isConfidential?: boolean
}

export const attempt = (service: Service, { username = 'alice', address, isConfidential, ...guess }: Guess) =>
  service.token(
    {
      grant_type: 'password',
      username,
      password: guess.password,
      ...(isConfidential ? {} : { client_id: 'spa' }),
    },
    {
      headers: {
        ...(address !== undefined && { 'x-forwarded-for': address }),
        ...(isConfidential && { authorization: basic(['web-app', secret]) }),
      },
    },
  )

/** A service with alice, through whose proxy requests come from everywhere. */
export async function guessing(t: Test, options: ServeOptions = {}) {
  const { hasher, compared } = countingHasher()
  const environment = { ...behindProxy, ...options.environment }
  const service = await serve(t, { ...options, environment, faults: { hasher: () => hasher, ...options.faults } })
  return { service, compared }
}

/** The same with alice. */
export async function guessingAtAlice(t: Test, options: ServeOptions = {}) {
  const its = await guessing(t, options)
  await addAlice(its.service)
  return its
}

/** What is counted now, by the key; what counts nothing has no row. */
export const countersOf = ({ databaseFile }: Service): Row[] => {
  const file = isOnPostgres() ? databaseFile : countersFileOf(databaseFile)
  return select(file, 'select key, points from attempt_counters order by key')
}

export const wrong = (number: number): string => `wrong password number ${number}`

/** One after the other, each another password, until one is not compared; answers all. */
export async function untilThrottled(
  service: Service,
  guess: Omit<Guess, 'password'> = {},
  first = 0,
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (let number = first; answers.length < 1000; number += 1) {
    const answer = await attempt(service, { ...guess, password: wrong(number) })
    answers.push(answer)
    if (answer.status !== 400) return answers
  }
  throw new Error('Never throttled.')
}

export const right = (service: Service, guess: Partial<Guess> = {}): Promise<Answer> =>
  attempt(service, { password, ...guess })

/** A few at once. */
export async function times(count: number, act: (number: number) => Promise<unknown>): Promise<void> {
  const numbers = Array.from({ length: count }, (_, number) => number)
  for (let from = 0; from < count; from += 5) await Promise.all(numbers.slice(from, from + 5).map(act))
}
