/** Who uses the service of a benchmark: a user, the client that the user signs in through, and a resource service. */

import { createContainer } from '../src/compose/container.ts'
import { readConfig } from '../src/config/read-config.ts'
import type { Provenance } from '../src/records/audit-event.ts'
import { noSettings } from '../src/records/client.ts'
import { audience, machineSecret, password, resourceSecret } from './forms.ts'
import type { Environment } from './service.ts'

export {
  audience,
  clientCredentialsForm,
  exchangeForm,
  introspectForm,
  refreshForm,
  revokeForm,
  signInForm,
  wrongSignInForm,
} from './forms.ts'

const byBenchmark: Provenance = { actor: 'operator:bench', address: null, userAgent: null, requestId: null }

type Accounts = Pick<ReturnType<typeof createContainer>, 'users' | 'roles' | 'clients'>

/** Answers the internal ids. */
export async function addAccounts(container: Accounts, usernames: readonly string[] = ['bench']) {
  const [roles, users, clients] = await Promise.all([container.roles(), container.users(), container.clients()])
  await roles.add({ name: 'reader', permissions: ['posts:read'] }, byBenchmark)
  const userIds: string[] = []
  for (const username of usernames) {
    const { userId } = await users.add({ username, password, roles: ['reader'] }, byBenchmark)
    userIds.push(userId)
  }
  const { client } = await clients.add(
    {
      ...noSettings,
      clientId: 'bench',
      isPublic: true,
      secret: undefined,
      grants: ['password', 'refresh_token'],
      scope: ['*'],
      audiences: [audience],
    },
    byBenchmark,
  )
  await clients.add(
    { ...noSettings, clientId: 'resource', isPublic: false, secret: resourceSecret, introspect: [audience] },
    byBenchmark,
  )
  return { userIds, clientId: client.id }
}

/** What asks without a user: a client for itself, and another that exchanges the API key which is answered. */
export async function addMachines(environment: Environment): Promise<string> {
  const container = createContainer(readConfig(environment), { logTo: { write: () => undefined } })
  try {
    await container.migrate()
    const [clients, apiKeys] = await Promise.all([container.clients(), container.apiKeys()])
    const settings = { ...noSettings, scope: ['posts:read'], audiences: [audience] }
    const machine = { clientId: 'machine', isPublic: false, secret: machineSecret, grants: ['client_credentials'] }
    const exchange = {
      ...{ clientId: 'exchange', isPublic: true, secret: undefined },
      grants: ['urn:ietf:params:oauth:grant-type:token-exchange'],
    }
    for (const client of [machine, exchange]) await clients.add({ ...settings, ...client }, byBenchmark)
    const asked = { name: 'bench', scope: ['posts:read'], audiences: [], ttlSeconds: null }
    return (await apiKeys.create({ username: 'bench' }, asked, byBenchmark)).text
  } finally {
    await container.close()
  }
}

/** Accounts for a service that is not running yet. */
export async function addAccountsBefore(environment: Environment, usernames?: readonly string[]) {
  const container = createContainer(readConfig(environment), { logTo: { write: () => undefined } })
  try {
    await container.migrate()
    return await addAccounts(container, usernames)
  } finally {
    await container.close()
  }
}
