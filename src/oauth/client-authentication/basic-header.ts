/**
 * The Authorization header, as far as it speaks of the client (RFC 6749 §2.3.1, RFC 7617). Id and secret are form-urlencoded, joined by a
 * colon, then base64. Many clients leave out the encoding, curl's -u among them.
 */
import { decodeFormComponent } from '../form.ts'
import { invalidClient } from '../oauth-error.ts'

export interface BasicHeader {
  readonly clientId: string
  /** As it stands. */
  readonly secret: string
}

/**
 * Whether the header is client authentication, well or badly made. Another scheme says nothing of the client: an old token that an
 * interceptor put there, a proxy's ticket. A list that a proxy made of two lines is read for what is behind its commas, too.
 */
export const isBasic = (authorization: string | undefined): boolean =>
  authorization !== undefined && /(?:^|,)\s*basic(?=[\s,]|$)/i.test(authorization)

/**
 * Undefined where the header says nothing of the client.
 * @throws OAuthError invalid_client when it does and can't be read
 */
export function readBasic(authorization: string | undefined): BasicHeader | undefined {
  if (authorization === undefined || !isBasic(authorization)) return undefined
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1]
  const pair = Buffer.from(encoded ?? '', 'base64').toString()
  const [, clientId, secret] = /^([^:]*):(.*)$/s.exec(pair) ?? []
  // A NUL is no character of either, and no database column takes it.
  if (clientId === undefined || secret === undefined || pair.includes('\0')) throw invalidClient()
  return { clientId: decoded(clientId) ?? clientId, secret }
}

/** Undefined when it is not form-urlencoded: what has a stray `%` was never encoded. */
export function decoded(text: string): string | undefined {
  try {
    return decodeFormComponent(text)
  } catch {
    return undefined
  }
}
