/** Sessions of two users and a machine through two clients, and who is meant by each way to say which. */
import type { Test } from 'tap'
import type { SessionFilter } from '../../../src/records/session.ts'
import type { SessionStatus, StatusReference } from '../../../src/records/status-list.ts'
import { all, type EmptyDatabase, type Engine, farMs, openWithParties, sessionOf, statusOf } from './records.ts'

/** Whom the tokens speak of, through which client, and the credential of a machine. */
const owners = {
  phone: ['user_alice', 'client_web-app', null],
  laptop: ['user_alice', 'client_web-app', null],
  tablet: ['user_alice', 'client_spa', null],
  desktop: ['user_bob', 'client_web-app', null],
  watch: ['user_bob', 'client_spa', null],
  expired: ['user_alice', 'client_web-app', null],
  ended: ['user_alice', 'client_web-app', null],
  // A key of alice, one of a client, and a client's own secret.
  robot: ['user_alice', 'client_web-app', 'key_alice'],
  drone: ['user_alice', 'client_spa', 'key_alice'],
  agent: ['client_spa', 'client_web-app', 'key_spa'],
  job: ['client_spa', 'client_spa', 'secret_spa'],
} as const

export type Device = keyof typeof owners

export const devices = Object.keys(owners) as readonly Device[]

export const isMachine = (device: Device): boolean => owners[device][2] !== null

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
      const [subjectId, clientId, credentialId] = owners[device]
      const whose = { subjectId, clientId, credentialId, status: statusOfDevice(device) }
      await sessions.insert(
        sessionOf(device, {
          ...whose,
          ...(device === 'expired' && { expiresAtMs: farMs }),
          ...(isMachine(device) && { family: undefined }),
        }),
      )
    }
    await sessions.end({ sessionId: 'session_ended' }, all, 'earlier', farMs - 1)
  })
  return database
}

/** Each way to say which, and the sessions that are meant of those that have not ended. */
export const ways: readonly (readonly [string, SessionFilter, readonly Device[]])[] = [
  ['one', { sessionId: 'session_phone' }, ['phone']],
  [
    'all but one',
    { exceptSessionId: 'session_phone' },
    ['laptop', 'tablet', 'desktop', 'watch', 'expired', 'robot', 'drone', 'agent', 'job'],
  ],
  ["a user's", { subjectId: 'user_alice' }, ['phone', 'laptop', 'tablet', 'expired', 'robot', 'drone']],
  ["a user's sign-ins", { subjectId: 'user_alice', signInsOnly: true }, ['phone', 'laptop', 'tablet', 'expired']],
  ['not only sign-ins', { subjectId: 'user_bob', signInsOnly: false }, ['desktop', 'watch']],
  [
    "a user's sign-ins but one",
    { subjectId: 'user_alice', signInsOnly: true, exceptSessionId: 'session_phone' },
    ['laptop', 'tablet', 'expired'],
  ],
  ["a client's sign-ins", { clientId: 'client_spa', signInsOnly: true }, ['tablet', 'watch']],
  ['one, if it is a sign-in', { sessionId: 'session_phone', signInsOnly: true }, ['phone']],
  ['one, which is none', { sessionId: 'session_robot', signInsOnly: true }, []],
  ["a credential's", { credentialId: 'key_alice' }, ['robot', 'drone']],
  ["a credential's through a client", { credentialId: 'key_alice', clientId: 'client_spa' }, ['drone']],
  ["a credential's that is a secret", { credentialId: 'secret_spa' }, ['job']],
  ["a credential's of somebody else", { credentialId: 'key_spa', subjectId: 'user_alice' }, []],
  ["no credential's", { credentialId: 'key_none' }, []],
  ["a credential's, and sign-ins only", { credentialId: 'key_alice', signInsOnly: true }, []],
  ['one of this credential', { sessionId: 'session_robot', credentialId: 'key_alice' }, ['robot']],
  ['one of another credential', { sessionId: 'session_robot', credentialId: 'key_spa' }, []],
  ["a client's", { clientId: 'client_spa' }, ['tablet', 'watch', 'drone', 'job']],
  ["a client's that is the subject", { subjectId: 'client_spa' }, ['agent', 'job']],
  [
    "a client's that is the subject, through others",
    { subjectId: 'client_spa', exceptClientId: 'client_spa' },
    ['agent'],
  ],
  ["a user's but those through a client", { subjectId: 'user_bob', exceptClientId: 'client_spa' }, ['desktop']],
  ["a client's that is both", { subjectId: 'client_spa', clientId: 'client_spa' }, ['job']],
  ["a user's through a client", { subjectId: 'user_bob', clientId: 'client_web-app' }, ['desktop']],
  [
    "a user's but one",
    { subjectId: 'user_alice', exceptSessionId: 'session_phone' },
    ['laptop', 'tablet', 'expired', 'robot', 'drone'],
  ],
  ["a user's but another's", { subjectId: 'user_bob', exceptSessionId: 'session_phone' }, ['desktop', 'watch']],
  ["a client's but one", { clientId: 'client_spa', exceptSessionId: 'session_watch' }, ['tablet', 'drone', 'job']],
  [
    "a user's through a client but one",
    { subjectId: 'user_alice', clientId: 'client_web-app', exceptSessionId: 'session_phone' },
    ['laptop', 'expired', 'robot'],
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
  ["nobody's", { subjectId: 'client_web-app' }, []],
  [
    'undefined is no condition',
    { sessionId: undefined, subjectId: undefined, credentialId: undefined, clientId: 'client_spa' },
    ['tablet', 'watch', 'drone', 'job'],
  ],
]
