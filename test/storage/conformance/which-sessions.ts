/** Sessions of two users through two clients, and who is meant by each way to say which. */
import type { Test } from 'tap'
import type { SessionFilter } from '../../../src/records/session.ts'
import type { SessionStatus, StatusReference } from '../../../src/records/status-list.ts'
import { all, type EmptyDatabase, type Engine, farMs, openWithParties, sessionOf, statusOf } from './records.ts'

const owners = {
  phone: ['alice', 'web-app'],
  laptop: ['alice', 'web-app'],
  tablet: ['alice', 'spa'],
  desktop: ['bob', 'web-app'],
  watch: ['bob', 'spa'],
  expired: ['alice', 'web-app'],
  ended: ['alice', 'web-app'],
} as const

export type Device = keyof typeof owners

export const devices = Object.keys(owners) as readonly Device[]

/** The index of a device's session: each has its own. */
export const statusOfDevice = (device: Device): SessionStatus => statusOf(devices.indexOf(device))

const referenceOf = (device: Device): StatusReference => {
  const { listId, index } = statusOfDevice(device)
  return { listId, index }
}

/** One session has expired at `farMs`, and one ended a moment before. */
export async function openWithDevices(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openWithParties(t, engine)
  await database.write(async ({ sessions }) => {
    for (const device of devices) {
      const [user, client] = owners[device]
      const whose = { subjectId: `user_${user}`, clientId: `client_${client}`, status: statusOfDevice(device) }
      await sessions.insert(sessionOf(device, { ...whose, ...(device === 'expired' && { expiresAtMs: farMs }) }))
    }
    await sessions.end({ sessionId: 'session_ended' }, all, 'earlier', farMs - 1)
  })
  return database
}

/** Each way to say which, and the sessions that are meant of those that have not ended. */
export const ways: readonly (readonly [string, SessionFilter, readonly Device[]])[] = [
  ['one', { sessionId: 'session_phone' }, ['phone']],
  ['all but one', { exceptSessionId: 'session_phone' }, ['laptop', 'tablet', 'desktop', 'watch', 'expired']],
  ["a user's", { subjectId: 'user_alice' }, ['phone', 'laptop', 'tablet', 'expired']],
  ["a client's", { clientId: 'client_spa' }, ['tablet', 'watch']],
  ["a user's through a client", { subjectId: 'user_bob', clientId: 'client_web-app' }, ['desktop']],
  ["a user's but one", { subjectId: 'user_alice', exceptSessionId: 'session_phone' }, ['laptop', 'tablet', 'expired']],
  ["a user's but another's", { subjectId: 'user_bob', exceptSessionId: 'session_phone' }, ['desktop', 'watch']],
  ["a client's but one", { clientId: 'client_spa', exceptSessionId: 'session_watch' }, ['tablet']],
  [
    "a user's through a client but one",
    { subjectId: 'user_alice', clientId: 'client_web-app', exceptSessionId: 'session_phone' },
    ['laptop', 'expired'],
  ],
  ['one of this user', { sessionId: 'session_phone', subjectId: 'user_alice' }, ['phone']],
  ['one of another user', { sessionId: 'session_phone', subjectId: 'user_bob' }, []],
  ['one through this client', { sessionId: 'session_phone', clientId: 'client_web-app' }, ['phone']],
  ['one through another client', { sessionId: 'session_phone', clientId: 'client_spa' }, []],
  ['one but another', { sessionId: 'session_phone', exceptSessionId: 'session_laptop' }, ['phone']],
  ['one but the same', { sessionId: 'session_phone', exceptSessionId: 'session_phone' }, []],
  ['one that ended', { sessionId: 'session_ended' }, []],
  ['one that holds this index', { sessionId: 'session_phone', holds: referenceOf('phone') }, ['phone']],
  ['one that holds another index', { sessionId: 'session_phone', holds: referenceOf('laptop') }, []],
  [
    'one that holds this index, of another list',
    { sessionId: 'session_phone', holds: { ...referenceOf('phone'), listId: 'list-2' } },
    [],
  ],
  ["a user's with this index", { subjectId: 'user_alice', holds: referenceOf('laptop') }, ['laptop']],
  ['one that does not exist', { sessionId: 'session_none' }, []],
  ["nobody's", { subjectId: 'client_spa' }, []],
  [
    'undefined is no condition',
    { sessionId: undefined, subjectId: undefined, clientId: 'client_spa' },
    ['tablet', 'watch'],
  ],
]
