/** What every verifier is asked, whatever library it is made of. */
import { createHmac, createPublicKey } from 'node:crypto'
import type { Test } from 'tap'
import { byTest, claimsOf, headerOf, type Service, signIn } from '../support/serve.ts'
import type { Ask } from './resources.ts'
import { resigned, signedBy, wrongTokens } from './wrong-tokens.ts'

const encoded = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')
const nowSeconds = (): number => Math.floor(Date.now() / 1000)
/** As much later as a leeway is, and a little. */
const LEEWAY = 120

/** Signed with what everybody can read, as if it were a secret. */
async function signedByPublicKey(service: Service, good: string): Promise<string> {
  const { kid } = headerOf(good)
  const { keys } = (await service.get('/.well-known/jwks.json')).body
  const key = createPublicKey({ key: keys.find((each: { kid: string }) => each.kid === kid), format: 'jwk' })
  const content = `${encoded({ alg: 'HS256', typ: 'at+jwt', kid })}.${encoded(claimsOf(good))}`
  const secret = key.export({ type: 'spki', format: 'pem' })
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}

/** Tokens that no resource may accept, by what is wrong with them. */
async function badTokens(service: Service, good: string): Promise<Readonly<Record<string, string>>> {
  const [header, claims] = [headerOf(good), claimsOf(good)]
  const [head, , signature] = good.split('.')
  const expired = { iat: claims.iat - 600 - LEEWAY, exp: nowSeconds() - LEEWAY }
  return {
    ...(await wrongTokens(service, good)),
    'a token that has expired': resigned(service, good, expired),
    'a token of another issuer': resigned(service, good, { iss: 'https://other.example.com' }),
    'a token of another type': signedBy(service, { ...header, typ: 'JWT' }, claims),
    'a token with other claims than were signed': `${head}.${encoded({ ...claims, scope: 'posts:delete' })}.${signature}`,
    'a made-up token whose type is no text': `${encoded({ ...header, typ: 1 })}.${encoded(claims)}.${signature}`,
    'a token without a signature': `${encoded({ ...header, alg: 'none' })}.${encoded(claims)}.`,
    'a token that is signed with the public key as a secret': await signedByPublicKey(service, good),
  }
}

/** @throws when alice is not signed in */
export async function goodToken(service: Service): Promise<string> {
  const { status, text, body } = await signIn(service)
  if (status !== 200) throw new Error(text)
  return body.access_token
}

/**
 * Good tokens are accepted; none of the bad ones is.
 * @param accepted those that the page says are, because the library can't tell
 */
export async function asksWithBadTokens(
  t: Test,
  service: Service,
  ask: Ask,
  accepted: readonly string[] = [],
): Promise<void> {
  const good = await goodToken(service)
  t.equal(await ask(good), 'accepted')
  for (const [name, token] of Object.entries(await badTokens(service, good))) {
    t.equal(await ask(token), accepted.includes(name) ? 'accepted' : 'refused', name)
  }
  t.equal(await ask(good), 'accepted', 'afterwards')
}

/** A resource that looks at no status list goes on with the token until it expires. */
export async function asksAfterDisabling(t: Test, service: Service, ask: Ask): Promise<void> {
  const good = await goodToken(service)
  t.equal(await ask(good), 'accepted')
  await service.users.setStatus('alice', 'disabled', byTest)
  t.equal((await signIn(service)).status, 400, 'nobody signs in')
  t.equal(await ask(good), 'accepted', 'it looks at no list')
}
