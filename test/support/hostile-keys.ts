/** Key sets with bad keys in them. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import type { Test } from 'tap'
import { testBench } from './hostile-tokens.ts'
import type { Algorithm, Json, SigningKey } from './issuer.ts'

/** A key as it is published, by what is odd about it; a member that is undefined is left out. */
export type Jwks = Readonly<Record<string, Json>>

/** An RSA key that can sign, however weak; its kid is given when it is published. */
export function rsaKey(modulusLength: number, publicExponent = 65537): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent })
  return { alg: 'RS256', kid: '', privateKey, jwk: publicKey.export({ format: 'jwk' }) as JWK }
}

/** The number of a member of a JWK, as bytes. */
export const numberOf = (jwk: Json, name: string): Buffer => Buffer.from(String(jwk[name]), 'base64url')

/** Each is left out with an event that says so, and its tokens are refused; the issuer's own key beside them goes on. */
export async function leavesOut(
  t: Test,
  { alg = 'RS256', privateKey, jwks }: { alg?: Algorithm; privateKey: KeyObject; jwks: Jwks },
): Promise<void> {
  const named = withKids(jwks)
  const algorithms = [...new Set([alg, 'RS256' as const])]
  // The good one is between them, so that none of them ends the reading.
  const half = Math.ceil(named.length / 2)
  const { issuer, events, accepts, refuses } = await testBench(t, { algorithms }, ({ key }) => [
    ...named.slice(0, half),
    key.jwk,
    ...named.slice(half),
  ])
  const told = events.flatMap(event => (event.type === 'key_left_out' ? [event.kid] : []))
  t.same(told.sort(), named.map(({ kid }) => kid).sort(), 'it is told of each key that it is left out')
  for (const jwk of named) {
    const signer = { alg, kid: jwk.kid, privateKey, jwk: {} }
    await refuses('unknown_key', { [`signed with it: ${jwk.kid}`]: issuer.token({}, {}, signer) })
  }
  await accepts({ 'the good key beside them': issuer.token() })
}

/** Each is used. */
export async function takes(
  t: Test,
  { alg = 'RS256', privateKey, jwks }: { alg?: Algorithm; privateKey: KeyObject; jwks: Jwks },
): Promise<void> {
  const named = withKids(jwks)
  const { issuer, events, accepts } = await testBench(t, { algorithms: [alg] }, () => named)
  for (const { kid } of named)
    await accepts({ [`signed with it: ${kid}`]: issuer.token({}, {}, { alg, kid, privateKey, jwk: {} }) })
  t.same(events, [], 'and nothing is left out')
}

const withKids = (jwks: Jwks) => Object.entries(jwks).map(([kid, jwk]) => ({ kid, ...jwk }))
