/** The verifiers that are measured beside each other, each set up as its documentation says for an access token of this service. */
import { createPublicKey, verify as verifySignature, type webcrypto } from 'node:crypto'
import { createVerifier } from '@signet/verifier'
import { JwtVerifier } from 'aws-jwt-verify'
import { SimpleJwksCache } from 'aws-jwt-verify/jwk'
import { createVerifier as createFastJwt } from 'fast-jwt'
import buildGetJwks from 'get-jwks'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'

export interface Expected {
  readonly issuer: string
  readonly audience: string
  /** The key that signed the tokens. */
  readonly kid: string
}

export type Verify = (token: string) => unknown

const jwksUri = (issuer: string) => `${issuer}/.well-known/jwks.json`

async function publicKeyOf({ issuer, kid }: Expected) {
  const { keys } = (await (await fetch(jwksUri(issuer))).json()) as { keys: (webcrypto.JsonWebKey & { kid: string })[] }
  const jwk = keys.find(key => key.kid === kid)
  if (jwk === undefined) throw new Error('the key is not published')
  return createPublicKey({ key: jwk, format: 'jwk' })
}

async function signet({ issuer, audience }: Expected, cacheSize: number): Promise<Verify> {
  const verifier = createVerifier({ issuer, audience, cacheSize })
  await verifier.ready()
  return token => verifier.verify(token)
}

function fastJwt({ issuer, audience }: Expected, cache: boolean): Verify {
  const getJwks = buildGetJwks()
  const key = ({ header: { kid, alg } }: { readonly header: Record<string, string> }) =>
    getJwks.getPublicKey({ domain: issuer, ...(kid && { kid }), ...(alg && { alg }) })
  return createFastJwt({ key, algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience, cache })
}

export const libraries: Readonly<Record<string, (expected: Expected) => Verify | Promise<Verify>>> = {
  /** The signature alone, with the key at hand: what none can do without. */
  'crypto.verify': async expected => {
    const key = await publicKeyOf(expected)
    return token => {
      const dot = token.lastIndexOf('.')
      const signature = Buffer.from(token.slice(dot + 1), 'base64url')
      if (!verifySignature('sha256', Buffer.from(token.slice(0, dot)), key, signature)) throw new Error('bad signature')
    }
  },
  '@signet/verifier': expected => signet(expected, 0),
  jose: ({ issuer, audience }) => {
    const keys = createRemoteJWKSet(new URL(jwksUri(issuer)))
    return token => jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'] })
  },
  'aws-jwt-verify': ({ issuer, audience }) => {
    // Its own fetcher takes https only.
    const fetcher = { fetch: async (uri: string) => (await fetch(uri)).arrayBuffer() }
    const options = { issuer, audience, jwksUri: jwksUri(issuer) }
    const verifier = JwtVerifier.create(options, { jwksCache: new SimpleJwksCache({ fetcher }) })
    return token => verifier.verify(token)
  },
  jsonwebtoken: async expected => {
    const { issuer, audience } = expected
    const key = await publicKeyOf(expected)
    return token => jsonwebtoken.verify(token, key, { algorithms: ['RS256'], issuer, audience })
  },
  'fast-jwt with get-jwks': expected => fastJwt(expected, false),
  '@signet/verifier, cached': expected => signet(expected, 10_000),
  'fast-jwt, cached': expected => fastJwt(expected, true),
}
