/** A signing key as the command line and /admin show it. */
import { isoTime, isoTimeOrNull } from '../clock.ts'
import type { SigningKey } from '../records/signing-key.ts'

/** ISO 8601. */
const dateTime = { type: 'string', format: 'date-time' } as const
const dateTimeOrNull = { type: ['string', 'null'], format: 'date-time' } as const

/** @param activatesAtMs when the standby will sign; undefined when that is not planned */
export const describeSigningKey = (key: SigningKey, activatesAtMs: number | undefined) => ({
  kid: key.kid,
  state: key.state,
  since: isoTime(key.sinceMs),
  cause: key.cause,
  created_at: isoTime(key.createdAtMs),
  ready_at: isoTime(key.activatesAtMs),
  activates_at: isoTimeOrNull(key.state === 'pending' ? activatesAtMs : key.activatesAtMs),
  retires_at: isoTimeOrNull(key.retiresAtMs),
})

export const signingKeySchema = {
  type: 'object',
  required: ['kid', 'state', 'since', 'cause', 'created_at', 'ready_at', 'activates_at', 'retires_at'],
  properties: {
    kid: {
      type: 'string',
      description: 'Its thumbprint (RFC 7638), which the tokens name that it signed.',
      examples: ['ijnvmnjhyS94UAB2O9Tp8PoqcgUuvO-tqxboB898j5Y'],
    },
    state: {
      type: 'string',
      enum: ['pending', 'active', 'retiring', 'retired', 'revoked'],
      description: '`pending`, `active` and `retiring` ones are in the JWKS; the active one signs.',
    },
    since: { ...dateTime, description: 'When it came into this state.' },
    cause: { type: 'string', description: 'Why it did.', examples: ['rotation_interval'] },
    created_at: dateTime,
    ready_at: { ...dateTime, description: 'When it may sign at the earliest: by then every verifier has seen it.' },
    activates_at: {
      ...dateTimeOrNull,
      description: 'When it will sign, or began to. Null: that is not planned.',
    },
    retires_at: { ...dateTimeOrNull, description: 'When it leaves the JWKS: of a retiring one.' },
  },
} as const
