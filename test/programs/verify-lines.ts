/**
 * A resource service in a process of its own, with the library that its first word names, as that library comes: NAME ISSUER
 * AUDIENCE. Each line of standard input is an array of tokens, and is answered by a line with what became of each.
 */
import { createInterface } from 'node:readline'
import { JwtVerifier } from 'aws-jwt-verify'
import { SimpleJwksCache } from 'aws-jwt-verify/jwk'
import { createVerifier } from 'fast-jwt'
import buildGetJwks from 'get-jwks'
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { LibraryName, Verification } from '../soak/verifiers/processes.ts'

type Verify = (token: string) => Promise<unknown>

const [name = '', issuer = '', audience = ''] = process.argv.slice(2)
const jwksUri = `${issuer}/.well-known/jwks.json`
const LIFESPAN_MS = 300_000

const byJose =
  (keys: JWTVerifyGetKey): Verify =>
  token =>
    jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'] })

/** A copy of the JWKS that is fetched again when it is older than five minutes. */
function cachedKeys() {
  let copy: { readonly keys: JWTVerifyGetKey; readonly fetchedAtMs: number } | undefined
  async function load(): Promise<JWTVerifyGetKey> {
    const keys = createLocalJWKSet((await (await fetch(jwksUri)).json()) as JSONWebKeySet)
    copy = { keys, fetchedAtMs: Date.now() }
    return keys
  }
  const current = async () =>
    copy !== undefined && Date.now() < copy.fetchedAtMs + LIFESPAN_MS ? copy.keys : await load()
  return { current, load }
}

function pyJwkClient(): Verify {
  const { current, load } = cachedKeys()
  // PyJWKClient.get_signing_key: no key of that kid in the cached set, so fetch it anew, once, and look again.
  return byJose(async (header, input) => {
    const keys = await current()
    return Promise.resolve(keys(header, input)).catch(async () => (await load())(header, input))
  })
}

function patient(): Verify {
  const { current } = cachedKeys()
  return byJose(async (header, input) => (await current())(header, input))
}

function awsJwtVerify(): Verify {
  // Its own fetcher takes https only.
  const fetcher = { fetch: async (uri: string) => (await fetch(uri)).arrayBuffer() }
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri }, { jwksCache: new SimpleJwksCache({ fetcher }) })
  return token => verifier.verify(token)
}

function fastJwt(): Verify {
  const getJwks = buildGetJwks()
  const key = ({ header: { kid, alg } }: { readonly header: Record<string, string> }) =>
    getJwks.getPublicKey({ domain: issuer, ...(kid && { kid }), ...(alg && { alg }) })
  return createVerifier({ key, algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience })
}

const libraries: Readonly<Record<LibraryName, () => Verify>> = {
  jose: () => byJose(createRemoteJWKSet(new URL(jwksUri))),
  'PyJWKClient-like': pyJwkClient,
  'patient cache': patient,
  'aws-jwt-verify': awsJwtVerify,
  'fast-jwt with get-jwks': fastJwt,
}

const verify = libraries[name as LibraryName]()

async function look(token: string): Promise<Verification> {
  const beganAtMs = Date.now()
  const failure = await verify(token).then(
    () => undefined,
    (error: unknown) => String(error),
  )
  return { token, beganAtMs, endedAtMs: Date.now(), ...(failure !== undefined && { failure }) }
}

for await (const line of createInterface(process.stdin)) {
  const verifications = await Promise.all((JSON.parse(line) as readonly string[]).map(look))
  process.stdout.write(`${JSON.stringify(verifications)}\n`)
}
