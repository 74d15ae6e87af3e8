/** Machines at a service: clients that ask for themselves, and API keys of users and clients that are exchanged for tokens. */
import type { NewApiKey } from '../../src/accounts/api-key-rules.ts'
import type { KeyOwnerName, KeyRevocation } from '../../src/accounts/api-keys.ts'
import { addClient } from './clients.ts'
import { type Answer, byTest, password, type Service, secret } from './serve.ts'

export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const API_KEY = 'urn:signet:params:oauth:token-type:api-key'

export const keyRevocation: KeyRevocation = { reason: 'revoked_by_operator', by: byTest }

const wide = ['posts:read', 'posts:write']

/** Asks for a token for the client itself. */
export const askAs = (
  service: Service,
  clientId: string,
  { secret: proof = secret, ...form }: Readonly<Record<string, string>> = {},
): Promise<Answer> => service.token({ grant_type: 'client_credentials', ...form }, { client: [clientId, proof ?? ''] })

/** Exchanges an API key through a client. */
export const exchange = (
  service: Service,
  key: string,
  clientId: string,
  form: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  service.token(
    {
      grant_type: EXCHANGE,
      subject_token: key,
      subject_token_type: API_KEY,
      ...form,
    },
    { client: [clientId, secret] },
  )

/** A client that asks for itself, and one that exchanges keys, if it is not said otherwise. */
export const addMachine = (service: Service, clientId: string, more: Parameters<typeof addClient>[1] | object = {}) =>
  addClient(service, { grants: ['client_credentials', EXCHANGE], ...more, clientId })

/** A user with two roles: one that gives the lesser permission, and `writer-…`, which gives both. */
export async function addUser({ users, roles }: Service, username: string): Promise<void> {
  await roles.add({ name: `reader-${username}`, permissions: ['posts:read'] }, byTest)
  await roles.add({ name: `writer-${username}`, permissions: wide }, byTest)
  await users.add({ username, password, roles: [`reader-${username}`, `writer-${username}`] }, byTest)
}

export async function addKey(
  service: Service,
  owner: KeyOwnerName,
  more: Partial<NewApiKey> = {},
): Promise<{ readonly id: string; readonly text: string }> {
  const asked = { name: 'key', scope: wide, audiences: [], ttlSeconds: null, ...more }
  const { key, text } = await (await service.container.apiKeys()).create(owner, asked, byTest)
  return { id: key.id, text }
}
