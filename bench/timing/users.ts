/** Users whose hashes were made with given parameters, as versions of Signet with others would have left them. */
import { hash } from '@node-rs/argon2'
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { password } from '../forms.ts'
import type { Environment } from '../service.ts'

export interface Parameters {
  readonly memoryCost: number
  readonly timeCost: number
  readonly parallelism: number
}

const byBenchmark = { actor: 'operator:bench', address: null, userAgent: null, requestId: null }

export const usernameOf = (group: string, number: number): string => `${group}-${number}`

/** Before the service has started. All of a group have the same hash. */
export async function addUsers(environment: Environment, group: string, count: number, parameters: Parameters) {
  const stored = await hash(password, parameters)
  const container = createContainer(readConfig(environment), {
    logTo: { write: () => undefined },
    faults: { hasher: hasher => ({ ...hasher, hash: async () => stored }) },
  })
  try {
    await container.migrate()
    const users = await container.users()
    for (let number = 0; number < count; number += 1)
      await users.add({ username: usernameOf(group, number), password, roles: [] }, byBenchmark)
  } finally {
    await container.close()
  }
}
