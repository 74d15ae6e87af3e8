import { assertKnownNames } from '../known-names.ts'

/** The client as which a service exchanges keys: public, or confidential by a secret. */
export interface ApiKeyClient {
  readonly clientId: string
  readonly clientSecret?: string | undefined
}

/** RFC 6749 Appendix A.1, A.2. What is empty was meant to be something. @throws TypeError */
export function assertApiKeyClient(client: ApiKeyClient): void {
  const isCredential = (value: unknown) => typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)
  if (!(typeof client === 'object' && client !== null))
    throw new TypeError('apiKeys must be an object with a clientId.')
  assertKnownNames(client, ['clientId', 'clientSecret'], 'apiKeys')
  if (!isCredential(client.clientId))
    throw new TypeError('apiKeys.clientId must be a non-empty string of printable ASCII.')
  if (!(client.clientSecret === undefined || isCredential(client.clientSecret)))
    throw new TypeError('apiKeys.clientSecret must be a non-empty string of printable ASCII.')
}
