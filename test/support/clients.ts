import type { NewClient } from '../../src/accounts/client-changes.ts'
import type { WithSecret } from '../../src/accounts/client-secrets.ts'
import { noSettings } from '../../src/records/client.ts'
import { type Answer, api, byTest, type Service, secret } from './serve.ts'

const ordinary: Omit<NewClient, 'clientId'> = {
  ...noSettings,
  isPublic: false,
  secret,
  grants: ['password', 'refresh_token'],
  scope: ['posts:read', 'posts:write'],
  audiences: [api],
}

/** Adds a client like web-app, but for what is given. */
export const addClient = (
  service: Service,
  client: Partial<NewClient> & { readonly clientId: string },
): Promise<WithSecret> => service.clients.add({ ...ordinary, ...client }, byTest)

/** All that a caller can tell two answers apart by: the status, every header and the body, byte for byte. */
export function visible({ status, headers, text }: Answer) {
  const ofEachRequest = ['date', 'x-request-id']
  const rest = [...headers].filter(([name]) => !ofEachRequest.includes(name))
  return { status, headers: Object.fromEntries(rest), text }
}
