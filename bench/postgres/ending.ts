/** How fast the sessions of a client end, of whom nobody else wants anything meanwhile. */
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { seedSessions } from '../revocations/seed.ts'
import type { Environment } from '../service.ts'

export async function measureEnding(
  environment: Environment,
  count: number,
  parties: { readonly userId: string; readonly clientId: string },
): Promise<string> {
  await seedSessions(environment, count, parties)
  const container = createContainer(readConfig(environment), { logTo: { write: () => undefined } })
  try {
    const sessions = await container.sessionManagement()
    const beganAt = performance.now()
    const ended = await sessions.end({ clientId: parties.clientId }, 'bench', {
      ...{ actor: 'operator:bench', address: null, userAgent: null, requestId: null },
    })
    const seconds = (performance.now() - beganAt) / 1000
    return `${ended} sessions of one client ended in ${seconds.toFixed(2)} s: ${(ended / seconds).toFixed(0)} a second`
  } finally {
    await container.close()
  }
}
