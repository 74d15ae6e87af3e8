/** API keys, exchanged for access tokens (RFC 8693). */
import type { Answer, Service } from './serve.ts'

export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const apiKeyType = 'urn:signet:params:oauth:token-type:api-key'

/** @param clientId of a public client */
export const exchange = (
  service: Pick<Service, 'token'>,
  clientId: string,
  key: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  service.token({
    grant_type: tokenExchange,
    client_id: clientId,
    subject_token: key,
    subject_token_type: apiKeyType,
    ...more,
  })
