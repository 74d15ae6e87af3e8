/** A user as the command line, /admin and /me show it. */
import { isoTime } from '../clock.ts'
import { statuses } from '../records/standing.ts'
import type { UserWithRoles } from '../records/user.ts'

/** ISO 8601. */
const dateTime = { type: 'string', format: 'date-time' } as const

export const describeUser = (user: UserWithRoles) => ({
  user_id: user.userId,
  username: user.username,
  status: user.status,
  roles: user.roles,
  created_at: isoTime(user.createdAtMs),
})

export const userSchema = {
  type: 'object',
  required: ['user_id', 'username', 'status', 'roles', 'created_at'],
  properties: {
    user_id: { type: 'string', description: 'The `sub` of the tokens. It never changes, and nobody else gets it.' },
    username: { type: 'string', description: 'The name to sign in with, as it was entered: 1 to 128 characters.' },
    status: { type: 'string', enum: statuses },
    roles: { type: 'array', items: { type: 'string' }, description: 'Names, ordered.', examples: [['editor']] },
    created_at: dateTime,
  },
} as const

/** What users see of themselves: they are active, or they would not ask. */
export const describeSelf = (user: UserWithRoles, sessionId: string) => {
  const { status: _, ...rest } = describeUser(user)
  return { ...rest, session_id: sessionId }
}

export const selfSchema = {
  type: 'object',
  required: ['user_id', 'username', 'roles', 'created_at', 'session_id'],
  properties: {
    user_id: { type: 'string', description: 'The `sub` of the tokens.' },
    username: { type: 'string' },
    roles: { type: 'array', items: { type: 'string' } },
    created_at: dateTime,
    session_id: { type: 'string', description: 'The session of the token that was sent.' },
  },
} as const
