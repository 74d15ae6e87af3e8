/** A trusted issuer in a file of definitions. */
import { formatDuration, parseDuration } from '../clock.ts'
import type { DefinedIssuer } from '../records/definitions.ts'
import { readKeySet } from '../records/key-set.ts'
import type { PublicJwk } from '../records/public-key.ts'
import { DEFAULT_MAX_LIFETIME_SECONDS, type IssuerKeySource } from '../records/trusted-issuer.ts'
import { DURATION, HTTP_URI, jwkSchema } from './definition-schemas.ts'

export const issuerSchema = {
  type: 'object',
  description: 'Whose tokens may prove that a workload is a client. What is left out it does not have.',
  additionalProperties: false,
  anyOf: [{ required: ['issuer'] }, { required: ['spiffe'] }],
  dependencies: {
    jwks_uri: { not: { anyOf: [{ required: ['bundle_uri'] }, { required: ['jwks'] }] } },
    bundle_uri: { not: { required: ['jwks'] } },
  },
  properties: {
    issuer: {
      type: 'string',
      pattern: '^[A-Za-z]+://[^\\s?#]+$',
      description:
        'The iss of its tokens, byte for byte. Its keys are found by discovery unless it is said where they are.',
      examples: ['https://token.actions.githubusercontent.com'],
    },
    spiffe: {
      type: 'string',
      pattern: '^[a-z0-9._-]{1,255}$',
      description: 'A SPIFFE trust domain.',
      examples: ['example.org'],
    },
    jwks_uri: { type: 'string', pattern: HTTP_URI, description: 'Where its keys are.' },
    bundle_uri: { type: 'string', pattern: HTTP_URI, description: 'Where the SPIFFE bundle is (profile https_web).' },
    jwks: {
      type: 'object',
      description: 'Its keys themselves, a JWK Set: public keys alone, each with a kid.',
      required: ['keys'],
      properties: { keys: { type: 'array', items: jwkSchema } },
    },
    audience: {
      type: 'string',
      pattern: '^\\S{1,1024}$',
      description: "The aud of its tokens. Left out: this service's issuer URL.",
      examples: ['https://login.example.com'],
    },
    max_lifetime: {
      type: 'string',
      pattern: DURATION,
      description: 'How long its tokens live at most, from 1m to 7d. Left out: 1h.',
      examples: ['25h'],
    },
    shared: {
      type: 'boolean',
      default: false,
      description:
        'Many have tokens of it, so that a claim must name whose. Of those that are known to be it need not be said.',
    },
  },
} as const

export interface IssuerJson {
  readonly issuer?: string
  readonly spiffe?: string
  readonly jwks_uri?: string
  readonly bundle_uri?: string
  readonly jwks?: { readonly keys: readonly object[] }
  readonly audience?: string
  readonly max_lifetime?: string
  readonly shared?: boolean
}

/** @throws Error for a set of keys that is none */
function keySourceOf({ jwks_uri: jwksUri, bundle_uri: bundleUri, jwks }: IssuerJson): IssuerKeySource {
  if (jwksUri !== undefined) return { kind: 'jwks_uri', uri: jwksUri }
  if (bundleUri !== undefined) return { kind: 'bundle_uri', uri: bundleUri }
  return jwks === undefined ? { kind: 'discovery' } : { kind: 'jwks', keys: readKeySet(jwks, 'sig').keys }
}

/** What is no duration is refused by the rules, as one that is too short. @throws Error for a set of keys that is none */
export const issuerOf = ([name, json]: [string, IssuerJson]): DefinedIssuer => ({
  name,
  url: json.issuer ?? null,
  trustDomain: json.spiffe ?? null,
  keySource: keySourceOf(json),
  audience: json.audience ?? null,
  maxLifetimeSeconds:
    json.max_lifetime === undefined ? DEFAULT_MAX_LIFETIME_SECONDS : (parseDuration(json.max_lifetime) ?? 0),
  isShared: json.shared ?? false,
})

const byKid = (one: PublicJwk, other: PublicJwk): number => ((one.kid ?? '') < (other.kid ?? '') ? -1 : 1)

export function describeDefinedIssuer(issuer: DefinedIssuer): IssuerJson {
  const { url, trustDomain, keySource: source, audience, maxLifetimeSeconds: seconds, isShared } = issuer
  return {
    ...(url !== null && { issuer: url }),
    ...(trustDomain !== null && { spiffe: trustDomain }),
    ...(source.kind === 'jwks_uri' && { jwks_uri: source.uri }),
    ...(source.kind === 'bundle_uri' && { bundle_uri: source.uri }),
    ...(source.kind === 'jwks' && { jwks: { keys: source.keys.toSorted(byKid) } }),
    ...(audience !== null && { audience }),
    ...(seconds !== DEFAULT_MAX_LIFETIME_SECONDS && { max_lifetime: formatDuration(seconds) }),
    ...(isShared && { shared: true }),
  }
}
