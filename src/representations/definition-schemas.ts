/** What several parts of the JSON Schema of definitions have in common. */

export const DURATION = '^(0|[1-9][0-9]*)[smhd]$'
export const HTTP_URI = '^[A-Za-z]+://[^\\s#]+$'
export const ISSUER_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'

/** What a private or symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const SECRETS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const text = { type: 'string' } as const

export const jwkSchema = {
  type: 'object',
  description:
    'A public key (RFC 7517). Of a private one, leave out the private members, and keep them with their owner.',
  required: ['kty'],
  propertyNames: { not: { enum: SECRETS } },
  properties: { kty: text, kid: text, alg: text, use: text, crv: text, x: text, y: text, n: text, e: text },
} as const
