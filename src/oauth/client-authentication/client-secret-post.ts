/** client_secret_post (RFC 6749 §2.3.1): the secret in the body. */
import { presentedSecret } from './client-secret.ts'
import { nameIn, type ProvingMethod } from './method.ts'

export const clientSecretPost: ProvingMethod = {
  names: ['client_secret_post'],
  isUsed: ({ parameters }) => parameters['client_secret'] !== undefined,
  read: credentials => presentedSecret(nameIn(credentials), [credentials.parameters['client_secret'] ?? '']),
}
