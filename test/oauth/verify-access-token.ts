/** A resource service in a process of its own: it knows the issuer and its own name, and verifies a token offline by jose. */
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [issuer = '', audience = '', token = ''] = process.argv.slice(2)
try {
  const metadata = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as { jwks_uri: string }
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri))
  const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'] })
  console.log(JSON.stringify(payload))
} catch (error) {
  console.log(JSON.stringify({ refused: error instanceof Error && 'code' in error ? error.code : String(error) }))
}
