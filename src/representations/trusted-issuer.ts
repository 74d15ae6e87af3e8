/** A trusted issuer as the command line and /admin show it. */
import { isoTime, isoTimeOrNull } from '../clock.ts'
import type { FetchedKeys } from '../records/fetched-keys.ts'
import type { TrustedIssuer } from '../records/trusted-issuer.ts'

export const describeIssuer = (issuer: TrustedIssuer) => ({
  name: issuer.name,
  id: issuer.id,
  issuer: issuer.url,
  spiffe: issuer.trustDomain,
  keys_from: issuer.keySource.kind,
  jwks_uri: issuer.keySource.kind === 'jwks_uri' ? issuer.keySource.uri : null,
  bundle_uri: issuer.keySource.kind === 'bundle_uri' ? issuer.keySource.uri : null,
  audience: issuer.audience,
  max_lifetime: issuer.maxLifetimeSeconds,
  shared: issuer.isShared,
  created_at: isoTime(issuer.createdAtMs),
})

/** @param fetched undefined: they were never fetched, or need not be */
export function describeIssuerWithKeys(issuer: TrustedIssuer, fetched: FetchedKeys | undefined) {
  const keys = issuer.keySource.kind === 'jwks' ? issuer.keySource.keys : (fetched?.keys ?? [])
  const { failure } = fetched ?? {}
  return {
    ...describeIssuer(issuer),
    keys: keys.map(({ kid = null, alg }) => ({ kid, alg })),
    keys_left_out: (fetched?.leftOut ?? []).map(({ kid = null, problem }) => ({ kid, problem })),
    keys_fetched_at: isoTimeOrNull(fetched?.fetchedAtMs ?? null),
    keys_failure: failure === undefined ? null : { at: isoTime(failure.atMs), problem: failure.message },
  }
}

const textOrNull = (description: string) => ({ type: ['string', 'null'], description }) as const
const timeOrNull = (description: string) => ({ type: ['string', 'null'], format: 'date-time', description }) as const

const shown = {
  name: { type: 'string', description: 'As operators call it.', examples: ['github'] },
  id: { type: 'string', description: 'How the audit names it. Never given again.' },
  issuer: textOrNull('The `iss` of its tokens, byte for byte.'),
  spiffe: textOrNull('The trust domain of a SPIFFE issuer.'),
  keys_from: { type: 'string', enum: ['discovery', 'jwks_uri', 'bundle_uri', 'jwks'] },
  jwks_uri: textOrNull('Where its keys are fetched from.'),
  bundle_uri: textOrNull('Where its SPIFFE bundle is fetched from.'),
  audience: textOrNull("The `aud` of its tokens; null: this service's issuer identifier."),
  max_lifetime: { type: 'integer', description: 'Seconds from `iat` to `exp` of its tokens, at most.' },
  shared: { type: 'boolean', description: 'Many have tokens of it, so that a condition names whose.' },
  created_at: { type: 'string', format: 'date-time' },
} as const

export const issuerSchema = { type: 'object', required: Object.keys(shown), properties: shown } as const

const withKeys = {
  ...shown,
  keys: {
    type: 'array',
    items: {
      type: 'object',
      required: ['kid', 'alg'],
      properties: { kid: { type: ['string', 'null'] }, alg: { type: 'string' } },
    },
    description: 'Those with which its tokens are verified.',
  },
  keys_left_out: {
    type: 'array',
    items: {
      type: 'object',
      required: ['kid', 'problem'],
      properties: { kid: { type: ['string', 'null'] }, problem: { type: 'string' } },
    },
    description: 'Those of its key set that are not used, and why.',
  },
  keys_fetched_at: timeOrNull('When a server fetched them last; null: never, or they are kept here.'),
  keys_failure: {
    type: ['object', 'null'],
    required: ['at', 'problem'],
    properties: { at: { type: 'string', format: 'date-time' }, problem: { type: 'string' } },
    description: 'Why the last attempt to fetch them failed.',
  },
} as const

export const issuerWithKeysSchema = { type: 'object', required: Object.keys(withKeys), properties: withKeys } as const
