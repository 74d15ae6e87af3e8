/** client_secret_basic (RFC 6749 §2.3.1): id and secret in the Authorization header. The secret is tried as it stands and form-urldecoded. */
import { decoded } from './basic-header.ts'
import { presentedSecret } from './client-secret.ts'
import { nameIn, type ProvingMethod } from './method.ts'

export const clientSecretBasic: ProvingMethod = {
  names: ['client_secret_basic'],
  // An empty secret is none (§2.3.1): such a header only names the client.
  isUsed: ({ basicSecret }) => basicSecret !== '',
  read: credentials => {
    const { basicSecret } = credentials
    return presentedSecret(nameIn(credentials), [basicSecret, decoded(basicSecret) ?? basicSecret])
  },
}
