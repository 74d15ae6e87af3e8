/**
 * client_secret_basic (RFC 6749 §2.3.1): id and secret are form-urlencoded, joined by a colon, then base64. Many clients leave out the
 * encoding, curl's -u among them, so the secret is also tried as it stands.
 */
import { decodeFormComponent } from '../form.ts'
import { invalidClient } from '../oauth-error.ts'
import { presentedSecret } from './client-secret.ts'
import type { ProvingMethod } from './method.ts'

/** Undefined when it is not form-urlencoded: what has a stray `%` was never encoded. */
function decoded(text: string): string | undefined {
  try {
    return decodeFormComponent(text)
  } catch {
    return undefined
  }
}

export const clientSecretBasic: ProvingMethod = {
  name: 'client_secret_basic',
  isUsed: ({ authorization }) => authorization !== undefined,
  read({ authorization = '' }) {
    const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1]
    const pair = Buffer.from(encoded ?? '', 'base64').toString()
    const [, clientId, secret] = /^([^:]*):(.*)$/s.exec(pair) ?? []
    // A NUL is no character of either, and no database column takes it.
    if (clientId === undefined || secret === undefined || pair.includes('\0')) throw invalidClient()
    return presentedSecret(decoded(clientId) ?? clientId, [decoded(secret) ?? secret, secret])
  },
}
