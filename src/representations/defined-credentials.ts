/** What a client proves itself with besides secrets, in a file of definitions. */
import type { ClientKeySource } from '../records/client-key.ts'
import type { Condition } from '../records/client-trust.ts'
import type { DefinedTrust } from '../records/definitions.ts'
import { readPublicKey } from '../records/public-key.ts'
import { HTTP_URI, ISSUER_NAME, jwkSchema } from './definition-schemas.ts'

export const keysSchema = {
  type: 'array',
  description: 'Public keys with which it signs assertions (private_key_jwt). Their order does not matter.',
  items: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    properties: {
      jwk: jwkSchema,
      jwks_uri: { type: 'string', pattern: HTTP_URI, description: 'Where the client publishes its keys as a JWK Set.' },
    },
  },
} as const

export const trustsSchema = {
  type: 'array',
  description: "Which workloads' tokens prove that one is the client. Their order does not matter.",
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['issuer', 'claims'],
    properties: {
      issuer: { type: 'string', pattern: ISSUER_NAME, description: 'The name of a trusted issuer.' },
      claims: {
        type: 'object',
        description:
          'What the token must have, all of it: the names of claims, or a JSON Pointer with a slash in front, and their values as a whole.',
        minProperties: 1,
        additionalProperties: { type: 'string' },
        examples: [{ repository_id: '123456', ref: 'refs/heads/main' }],
      },
    },
  },
} as const

export interface KeyJson {
  readonly jwk?: object
  readonly jwks_uri?: string
}

export interface TrustJson {
  readonly issuer: string
  readonly claims: Readonly<Record<string, string>>
}

/** @throws Error for a key that is none */
export function keyOf({ jwk, jwks_uri: jwksUri = '' }: KeyJson): ClientKeySource {
  if (jwk === undefined) return { jwksUri }
  const key = readPublicKey(jwk, 'sig')
  if ('problem' in key) throw new Error(key.problem)
  return { jwk: key }
}

export const trustOf = ({ issuer, claims }: TrustJson): DefinedTrust => ({
  issuerName: issuer,
  conditions: Object.entries(claims).map(([name, value]) => ({ name, value })),
})

const describeKey = (source: ClientKeySource): KeyJson =>
  'jwk' in source ? { jwk: source.jwk } : { jwks_uri: source.jwksUri }

const byClaim = (one: Condition, other: Condition): number => (one.name < other.name ? -1 : 1)

export const describeDefinedTrust = ({ issuerName, conditions }: DefinedTrust): TrustJson => ({
  issuer: issuerName,
  claims: Object.fromEntries(conditions.toSorted(byClaim).map(({ name, value }) => [name, value])),
})

/** The same list is the same text. */
const inOrder = <Json>(all: readonly Json[]): readonly Json[] =>
  all.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))

export const describeKeys = (keys: readonly ClientKeySource[]): readonly KeyJson[] => inOrder(keys.map(describeKey))
export const describeTrusts = (trusts: readonly DefinedTrust[]): readonly TrustJson[] =>
  inOrder(trusts.map(describeDefinedTrust))
