/** What has a good signature of the issuer's and is no access token for this resource: whoever looks at less than all takes it for one. */
import { createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { claimsOf, headerOf, type Service } from '../support/serve.ts'
import { statusIn } from '../support/status-list.ts'

const encoded = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** Signed with the key that signs the service's tokens. */
export function signedBy({ folder }: Service, header: { readonly kid: string }, claims: unknown): string {
  const key = createPrivateKey(readFileSync(join(folder, 'keys', `${header.kid}.pem`)))
  const content = `${encoded(header)}.${encoded(claims)}`
  return `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`
}

/** A good token with other claims, and a good signature. */
export const resigned = (service: Service, good: string, claims: object): string =>
  signedBy(service, headerOf(good), { ...claimsOf(good), ...claims })

/**
 * @param good an access token for this resource
 * @returns by what it is: the public status list, an ID token of the same person, and an access token for another audience
 */
export async function wrongTokens(service: Service, good: string): Promise<Readonly<Record<string, string>>> {
  const { kid } = headerOf(good)
  // The issuer may be known to other programs only.
  const direct = `http://127.0.0.1:${service.config.port}`
  const { iss, sub, client_id, iat, exp, auth_time } = claimsOf(good)
  return {
    'the status list': await (await fetch(direct + new URL(statusIn(good).uri).pathname)).text(),
    'an ID token': signedBy(
      service,
      { ...{ alg: 'RS256', typ: 'JWT' }, kid },
      { ...{ iss, sub, iat, exp, auth_time }, aud: client_id },
    ),
    'a token for another audience': resigned(service, good, { aud: 'https://other.example.com' }),
  }
}
