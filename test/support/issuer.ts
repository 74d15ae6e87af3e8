/** An issuer of the test's own: it signs whatever a test wants signed, and publishes whatever a test wants published. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deflateSync } from 'node:zlib'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { Test } from 'tap'
import { createHold, type Hold } from './hold.ts'
import { api } from './serve.ts'

export type Json = Readonly<Record<string, unknown>>
export type Algorithm = 'RS256' | 'ES256' | 'EdDSA'

export interface SigningKey {
  readonly alg: Algorithm
  readonly kid: string
  readonly privateKey: KeyObject
  /** As it is published. */
  readonly jwk: JWK
}

const generate = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
}

export async function createSigningKey(alg: Algorithm = 'RS256', more: Json = {}): Promise<SigningKey> {
  const { privateKey, publicKey } = generate[alg]()
  const exported = publicKey.export({ format: 'jwk' }) as JWK
  const kid = await calculateJwkThumbprint(exported)
  return { alg, kid, privateKey, jwk: { ...exported, kid, alg, use: 'sig', ...more } }
}

export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Signs two parts that are encoded already, whatever they hold. */
export function signParts({ alg, privateKey }: SigningKey, header: string, payload: string): string {
  const input = Buffer.from(`${header}.${payload}`)
  const key = alg === 'ES256' ? ({ key: privateKey, dsaEncoding: 'ieee-p1363' } as const) : privateKey
  const signature = sign(alg === 'EdDSA' ? null : 'sha256', input, key)
  return `${header}.${payload}.${signature.toString('base64url')}`
}

/** An RSA key takes as long as some hundred verifications, so issuers of different tests have the same ones, and those of one test do not. */
const issuerKeys: Promise<SigningKey>[] = []
const MOST_ISSUER_KEYS = 4
let issuers = 0

function issuerKey(): Promise<SigningKey> {
  const at = issuers % MOST_ISSUER_KEYS
  issuers += 1
  const key = issuerKeys[at] ?? createSigningKey()
  issuerKeys[at] = key
  return key
}

/** What an issuer answers at a path: a document, or whatever a function does with the request. */
export type Published =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string | Buffer }
  | ((request: IncomingMessage, response: ServerResponse) => void)

function answer(what: Published, request: IncomingMessage, response: ServerResponse): void {
  const etag = typeof what === 'function' ? undefined : what.headers?.['etag']
  if (typeof what === 'function') what(request, response)
  else if (etag !== undefined && request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end()
  else response.writeHead(what.status ?? 200, what.headers).end(what.body)
}

export type Issuer = Awaited<ReturnType<typeof startIssuer>>

export interface IssuerOptions {
  readonly now?: () => number
  readonly path?: string
  /** Scheme and host of its name, where that is not what it is reached by. */
  readonly named?: string
}

/** Starts an issuer with one RS256 key and no status list; it is stopped after the test. Its clock is `now`. */
export async function startIssuer(t: Test, { now = Date.now, path = '', named }: IssuerOptions = {}) {
  const key = await issuerKey()
  const published = new Map<string, Published>()
  const requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = []

  const server = createServer((request, response) => {
    const where = request.url ?? ''
    requests.push({ path: where, headers: request.headers })
    const found = published.get(where)
    if (found === undefined) return response.writeHead(404).end()
    return answer(found, request, response)
  })
  // It closes no connection by itself: a test that keeps its process busy would not see that in time, and send into a dead one.
  server.keepAliveTimeout = 0
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  t.teardown(stop)

  const url = `http://127.0.0.1:${port}`
  const origin = named ?? url
  const issuer = `${origin}${path}`
  const jwksPath = `${path}/jwks.json`
  const listsPath = `${path}/status-lists`
  const publish = (where: string, what: Published | object) =>
    published.set(
      where,
      typeof what === 'function' || 'body' in what ? (what as Published) : { body: JSON.stringify(what) },
    )

  /** Puts a key set in the place of the one before. */
  const publishKeys = (keys: readonly unknown[]) => publish(jwksPath, { keys })
  const publishMetadata = (more: Json = {}) =>
    publish(`/.well-known/oauth-authorization-server${path}`, {
      issuer,
      jwks_uri: `${origin}${jwksPath}`,
      status_list_aggregation_endpoint: `${origin}${listsPath}`,
      ...more,
    })
  publishMetadata()
  publishKeys([key.jwk])
  publish(listsPath, { status_lists: [] })

  const seconds = () => Math.floor(now() / 1000)

  return {
    issuer,
    /** Where it is reached, without the path. */
    url,
    key,
    port,
    jwksPath,
    listsPath,
    /** All requests so far, the first one first. */
    requests,
    publish,
    publishKeys,
    publishMetadata,
    /** How often this was asked for so far. */
    countOf: (where: string): number => requests.filter(({ path }) => path === where).length,
    /** From now on answers at a path can be held back. */
    holdAt(where: string): Hold {
      const hold = createHold()
      const what = published.get(where) ?? { status: 404, body: '' }
      publish(where, (request, response) => hold.pass(async () => answer(what, request, response)))
      return hold
    },
    stop,
    /** An access token that is good, but for what is given. A member that is undefined is left out. */
    token: (claims: Json = {}, header: Json = {}, signer: SigningKey = key): string =>
      signParts(
        signer,
        encode({ typ: 'at+jwt', alg: signer.alg, kid: signer.kid, ...header }),
        encode({
          iss: issuer,
          sub: 'user_1',
          aud: api,
          client_id: 'web-app',
          iat: seconds(),
          exp: seconds() + 600,
          jti: 'token_1',
          ...claims,
        }),
      ),
    listUri: (id: string): string => `${issuer}/status-lists/${id}`,
    /** A Status List Token that is good, but for what is given. */
    statusList: (id: string, bytes: Buffer, claims: Json = {}, header: Json = {}, signer: SigningKey = key): string =>
      signParts(
        signer,
        encode({ typ: 'statuslist+jwt', alg: signer.alg, kid: signer.kid, ...header }),
        encode({
          sub: `${issuer}/status-lists/${id}`,
          iat: seconds(),
          exp: seconds() + 86_400,
          ttl: 10,
          status_list: { bits: 1, lst: deflateSync(bytes).toString('base64url') },
          ...claims,
        }),
      ),
    /** Publishes a list and names it in the aggregation. */
    publishList(id: string, document: string, headers: Readonly<Record<string, string>> = {}) {
      publish(`${listsPath}/${id}`, { body: document, headers })
      publish(listsPath, { status_lists: [`${issuer}/status-lists/${id}`] })
    },
  }
}
