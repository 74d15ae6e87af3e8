/** A session as the command line, /me and /admin show it. */
import { isoTime } from '../clock.ts'
import type { ListedSession } from '../records/session.ts'

/** ISO 8601. */
const dateTime = { type: 'string', format: 'date-time' } as const

const common = (session: ListedSession) => ({
  client_id: session.clientId,
  created_at: isoTime(session.createdAtMs),
  last_used_at: isoTime(session.lastUsedAtMs),
  expires_at: isoTime(session.expiresAtMs),
  address: session.address,
  forwarded_by: session.forwardedBy,
  user_agent: session.userAgent,
})

/** For operators, who see everybody's. */
export const describeSession = (session: ListedSession) => ({
  id: session.id,
  user_id: session.userId,
  username: session.username,
  ...common(session),
})

/**
 * For its user.
 * @param currentId the session of the token that asks
 */
export const describeOwnSession = (session: ListedSession, currentId: string) => ({
  id: session.id,
  ...common(session),
  current: session.id === currentId,
})

const commonSchema = {
  client_id: { type: 'string', examples: ['web-app'] },
  created_at: dateTime,
  last_used_at: dateTime,
  expires_at: { ...dateTime, description: 'If it is not used before.' },
  address: { type: ['string', 'null'], description: 'Network address of the last use.', examples: ['203.0.113.7'] },
  forwarded_by: {
    type: ['string', 'null'],
    description: 'Where the client asked from that told `address`; null when it is the address of the request.',
  },
  user_agent: { type: ['string', 'null'], description: 'Of the last use, as the device named itself.' },
} as const

const id = {
  type: 'string',
  description: 'The `sid` of the tokens.',
  examples: ['session_01a2207c0829b95d6aa6feceb02c988a'],
} as const

export const ownSessionSchema = {
  type: 'object',
  required: [
    'id',
    'client_id',
    'created_at',
    'last_used_at',
    'expires_at',
    'address',
    'forwarded_by',
    'user_agent',
    'current',
  ],
  properties: {
    id,
    ...commonSchema,
    current: { type: 'boolean', description: 'Whether it is the session of the token that was sent.' },
  },
} as const

export const sessionSchema = {
  type: 'object',
  required: [
    ...['id', 'user_id', 'username', 'client_id', 'created_at', 'last_used_at', 'expires_at'],
    ...['address', 'forwarded_by', 'user_agent'],
  ],
  properties: {
    id,
    user_id: { type: 'string', description: 'The `sub` of the tokens.' },
    username: { type: 'string' },
    ...commonSchema,
  },
} as const
