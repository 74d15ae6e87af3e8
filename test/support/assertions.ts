/** Issuers of workloads' tokens, clients with keys, and what they sign: real signatures by keys of the test's own. */
import { generateKeyPairSync, type KeyObject, randomUUID, type webcrypto } from 'node:crypto'
import { CompactSign } from 'jose'
import { registeredKey } from '../../src/accounts/client-keys.ts'
import type { Condition } from '../../src/records/client-trust.ts'
import type { IssuerKeySource, IssuerSettings } from '../../src/records/trusted-issuer.ts'
import { addClient } from './clients.ts'
import { byTest, type Service } from './serve.ts'

export const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const jwtSpiffe = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'

export interface TestKey {
  readonly alg: string
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** Public, with `kid`. */
  readonly jwk: webcrypto.JsonWebKey & { readonly kid: string }
}

const makers: Readonly<Record<string, () => { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>> = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
}

export function newKey(alg = 'ES256', kid = `key-${randomUUID()}`): TestKey {
  const { privateKey, publicKey } = makers[alg]?.() ?? generateKeyPairSync('ed25519')
  return { alg, kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } }
}

/** @param claims undefined ones are left out */
export async function signed(
  key: TestKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(claims))
  const full = { alg: key.alg, kid: key.kid, typ: 'JWT', ...header }
  const given = Object.fromEntries(Object.entries(full).filter(([, value]) => value !== undefined))
  return new CompactSign(bytes).setProtectedHeader(given as { alg: string }).sign(key.privateKey)
}

export const issuerUrl = 'https://issuer.example.com'
export const workload = { sub: 'repo:acme/site:ref:refs/heads/main', repository_id: '4711' }

/** As a token of the issuer says it: an hour from the clock's time. */
export const workloadClaims = (
  service: Pick<Service, 'issuer'>,
  nowMs: number,
  more: Readonly<Record<string, unknown>> = {},
) => ({
  ...{ iss: issuerUrl, aud: service.issuer, iat: Math.floor(nowMs / 1000), exp: Math.floor(nowMs / 1000) + 3600 },
  ...{ ...workload, jti: randomUUID() },
  ...more,
})

/** Its keys are in a file, if it is not said otherwise. */
export const addIssuer = (
  { issuers }: Service,
  keys: TestKey | readonly TestKey[],
  settings: Partial<IssuerSettings> = {},
  name = 'builds',
) =>
  issuers.add(
    name,
    {
      ...{ url: issuerUrl, trustDomain: null, audience: null, maxLifetimeSeconds: 3600, isShared: false },
      keySource: fileWith(keys),
      ...settings,
    },
    byTest,
  )

/** As the operator gives it. */
export const fileWith = (keys: TestKey | readonly TestKey[]): IssuerKeySource => ({
  kind: 'jwks',
  keys: [keys].flat().map(readKey),
})

function readKey({ jwk }: TestKey) {
  const source = registeredKey(jwk)
  if (!('jwk' in source)) throw new Error('This is no key.')
  return source.jwk
}

/** A machine without a secret. */
export const addWorker = (service: Service, clientId = 'worker') =>
  addClient(service, { clientId, secret: null, grants: ['client_credentials'] })

export const conditions: readonly Condition[] = [
  { name: 'sub', value: workload.sub },
  { name: 'repository_id', value: workload.repository_id },
]

export const addTrust = (service: Service, clientId = 'worker', asked = conditions, issuer = 'builds') =>
  service.clients.addTrust(clientId, issuer, asked, byTest)

export const addKey = (service: Service, key: TestKey, clientId = 'worker') =>
  service.clients.addKey(clientId, registeredKey(key.jwk), byTest)

/** A request for a token of the client itself. */
export const present = (
  service: Service,
  assertion: string,
  more: Readonly<Record<string, string>> = { client_id: 'worker' },
) =>
  service.token({
    ...{ grant_type: 'client_credentials', client_assertion_type: jwtBearer, client_assertion: assertion },
    ...more,
  })

/** As a client signs it for itself. */
export const clientClaims = (
  service: Pick<Service, 'issuer'>,
  nowMs: number,
  more: Readonly<Record<string, unknown>> = {},
) => ({
  ...{ iss: 'worker', sub: 'worker', aud: service.issuer, jti: randomUUID() },
  ...{ iat: Math.floor(nowMs / 1000), exp: Math.floor(nowMs / 1000) + 60 },
  ...more,
})
