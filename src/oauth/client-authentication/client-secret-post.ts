/** client_secret_post (RFC 6749 §2.3.1): id and secret in the body. */
import { invalidClient } from '../oauth-error.ts'
import { presentedSecret } from './client-secret.ts'
import type { ProvingMethod } from './method.ts'

export const clientSecretPost: ProvingMethod = {
  name: 'client_secret_post',
  isUsed: ({ parameters }) => parameters['client_secret'] !== undefined,
  read({ parameters: { client_id: clientId, client_secret: secret } }) {
    if (clientId === undefined || secret === undefined) throw invalidClient()
    return presentedSecret(clientId, [secret])
  },
}
