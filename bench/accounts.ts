/** Who uses the service of a benchmark: a user, the client that the user signs in through, and a resource service. */

import { createContainer } from '../src/compose/container.ts'
import { readConfig } from '../src/config/read-config.ts'
import type { Provenance } from '../src/records/audit-event.ts'
import type { Environment } from './service.ts'

const password = 'a quiet river runs north'
const resourceSecret = 'what-the-resource-service-of-the-benchmark-knows'
export const audience = 'https://api.example.com'

const byBenchmark: Provenance = { actor: 'operator:bench', address: null, userAgent: null, requestId: null }

export const signInForm = (username = 'bench') =>
  `grant_type=password&client_id=bench&username=${username}&password=${encodeURIComponent(password)}`
export const refreshForm = (refreshToken: string) =>
  `grant_type=refresh_token&client_id=bench&refresh_token=${refreshToken}`
export const revokeForm = (token: string) => `client_id=bench&token=${token}`
export const introspectForm = (token: string) =>
  `client_id=resource&client_secret=${resourceSecret}&token=${encodeURIComponent(token)}`

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
  const nothing = { grants: [], scope: [], audiences: [], origins: [], introspect: [], accessTokenTtlSeconds: null }
  const { client } = await clients.add(
    {
      ...nothing,
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
    { ...nothing, clientId: 'resource', isPublic: false, secret: resourceSecret, introspect: [audience] },
    byBenchmark,
  )
  return { userIds, clientId: client.id }
}

/** The same for a service that is not running yet. */
export async function addAccountsBefore(environment: Environment) {
  const container = createContainer(readConfig(environment), { logTo: { write: () => undefined } })
  try {
    return await addAccounts(container)
  } finally {
    await container.close()
  }
}
