/** none (RFC 8414 §2): a public client has nothing to prove itself with and says its `client_id` (RFC 6749 §3.2.1). */
import type { Client } from '../../records/client.ts'
import { type ClientAuthenticationMethod, nameIn, type Proof } from './method.ts'

const proof: Proof = {
  credential: undefined,
  holdsUntil: (client: Client) => (client.isPublic ? Number.POSITIVE_INFINITY : undefined),
}

/** Of a request that uses no other. */
export const none: ClientAuthenticationMethod = {
  names: ['none'],
  read: credentials => ({
    kind: 'nothing',
    clientId: nameIn(credentials),
    prove: client => (client?.isPublic ? proof : { problem: 'no_credentials' }),
  }),
}
