import type { Test } from 'tap'
import type { Clock } from '../../src/clock.ts'
import { createContainer } from '../../src/compose/container.ts'
import type { Faults } from '../../src/compose/sources.ts'
import type { Service } from './serve.ts'

/** An operator at the command line beside the service: the same database, but passwords are hashed in a lane of the operator's own. */
export async function operatorBeside(t: Test, service: Service, clock?: Clock, faults: Faults = {}) {
  const container = createContainer(service.config, {
    ...(clock && { clock }),
    faults,
    logTo: { write: () => undefined },
  })
  t.teardown(() => container.close())
  return {
    users: await container.users(),
    roles: await container.roles(),
    clients: await container.clients(),
    issuers: await container.issuers(),
    apiKeys: await container.apiKeys(),
  }
}
