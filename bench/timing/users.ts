/** Users whose hashes other systems made, or versions of Signet with other parameters, as an import and a migration would leave them. */
import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { randomId, systemRandomness } from '../../src/randomness.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import type { Environment } from '../service.ts'

export interface Stored {
  readonly passwordHash: string
  /** Undefined when it is as Signet makes them today. */
  readonly hashCost?: number | undefined
}

/** A write on SQLite must be over soon. */
const A_WRITE = 1000

export const usernameOf = (group: string, number: number): string => `${group}-${number}`

/** Before the service has started, in a database that is migrated. All of a group have the same hash. */
export async function addUsers(environment: Environment, group: string, count: number, stored: Stored) {
  const sources = { clock: systemClock, randomness: systemRandomness }
  const database = await openDatabase(readConfig(environment).database, sources)
  const names = Array.from({ length: count }, (_, number) => usernameOf(group, number))
  const userOf = (username: string) => ({
    ...stored,
    ...{ username, usernameKey: username, status: 'active' as const },
    userId: randomId(systemRandomness, 'user'),
    passwordId: randomId(systemRandomness, 'password'),
    createdAtMs: systemClock.now(),
  })
  for (let first = 0; first < count; first += A_WRITE)
    await database.write(async ({ users }) => {
      for (const username of names.slice(first, first + A_WRITE)) await users.insert(userOf(username))
    })
  await database.close()
}
