/** What must still be as it was read when a token is released: each condition by itself stops every change that releases one. */
import type { Test } from 'tap'
import type { AsRead } from '../../../src/records/session.ts'
import type { Stores } from '../../../src/records/unit-of-work.ts'
import { all, clientOf, type EmptyDatabase, type Engine, farMs, sessionOf, statusOf, userOf } from './records.ts'
import { asBegun, openWithSessions, rotation } from './session-rotation.ts'

const fresh = statusOf(2, { listId: 'list-2' })
const longer = statusOf(1, { lastExpiryMs: farMs + 900 })

type Acts = Readonly<Record<string, (database: EmptyDatabase, asRead: AsRead) => Promise<boolean>>>

/** The acts that release a token, on the session that was read. */
const rotations: Acts = {
  'a rotation': ({ write }, asRead) => write(({ sessions }) => sessions.rotate(asRead, rotation, longer, false)),
  'a rotation to a fresh index': ({ write }, asRead) =>
    write(({ sessions }) => sessions.rotate(asRead, rotation, fresh, true)),
  'a rotation of one statement': ({ write }, asRead) =>
    write(({ sessions }) => sessions.rotate(asRead, rotation, longer, false), 'one statement'),
}
/** And those of a machine, too. */
const extensions: Acts = {
  'an extension': ({ write }, asRead) => write(({ sessions }) => sessions.extend(asRead, longer, false)),
  'an extension to a fresh index': ({ write }, asRead) => write(({ sessions }) => sessions.extend(asRead, fresh, true)),
  'a look': ({ read }, asRead) => read.sessions.isAsRead(asRead),
  'a look inside a write': ({ write }, asRead) => write(({ sessions }) => sessions.isAsRead(asRead)),
}
const acts: Acts = { ...rotations, ...extensions }

/** What happened since the row was read, and what was read that is not so. */
interface Change {
  readonly since?: (stores: Stores, read: AsRead) => Promise<unknown>
  readonly read?: Partial<AsRead>
}

const only = ({ sessionId }: AsRead) => ({ sessionId })
const { expiresAtMs } = sessionOf('any')

const refused: Readonly<Record<string, Change>> = {
  'the index was taken since': { since: ({ sessions }, read) => sessions.take(only(read), all) },
  'the session has another index since': { since: ({ sessions }, read) => sessions.extend(read, statusOf(9), true) },
  'a later revision was read': { read: { revision: 1 } },
  'the session ended since': { since: ({ sessions }, read) => sessions.end(only(read), all, 'sign_out', farMs) },
  'the session expires at this moment': { read: { nowMs: expiresAtMs } },
  'the session has expired': { read: { nowMs: expiresAtMs + 1 } },
  'there is no such session': { read: { sessionId: 'session_none' } },
  'the session is of another client': { read: { clientId: 'client_web-app' } },
  'there is no such client': { read: { clientId: 'client_none' } },
  'the client was changed since': {
    since: ({ clients }, { clientId }) => clients.update(clientId, clientOf('any', { scope: [] })),
  },
  'a credential of the client was changed since': {
    since: ({ clients }, { clientId }) => clients.raiseRevision(clientId),
  },
  'the client was disabled since': { since: ({ clients }, { clientId }) => clients.setStatus(clientId, 'disabled') },
  'a later revision of the client was read': { read: { clientRevision: 1 } },
  'the session is of another user': { read: { subjectId: 'user_alice' } },
  'there is no such user': { read: { subjectId: 'user_none' } },
  'the user was disabled since': { since: ({ users }, { subjectId }) => users.setStatus(subjectId, 'disabled') },
  'the user was deleted since': { since: ({ users }, { subjectId }) => users.setStatus(subjectId, 'deleted') },
}

/** Of a machine whose subject is a client. */
const refusedOfClient: Readonly<Record<string, Change>> = {
  'the index was taken since': { since: ({ sessions }, read) => sessions.take(only(read), all) },
  'the session ended since': { since: ({ sessions }, read) => sessions.end(only(read), all, 'sign_out', farMs) },
  'the session expires at this moment': { read: { nowMs: expiresAtMs } },
  'the session is of another subject': { read: { subjectId: 'client_spa' } },
  'the subject was changed since': {
    since: ({ clients }, { subjectId }) => clients.update(subjectId, clientOf('any', { scope: [] })),
  },
  'a credential of the subject was changed since': {
    since: ({ clients }, { subjectId }) => clients.raiseRevision(subjectId),
  },
  'the subject was disabled since': { since: ({ clients }, { subjectId }) => clients.setStatus(subjectId, 'disabled') },
  'the subject was deleted since': { since: ({ clients }, { subjectId }) => clients.setStatus(subjectId, 'deleted') },
  'a later revision of the subject was read': { read: { subjectRevision: 1 } },
  'the client was changed since': { since: ({ clients }, { clientId }) => clients.raiseRevision(clientId) },
  'the client was disabled since': { since: ({ clients }, { clientId }) => clients.setStatus(clientId, 'disabled') },
  'a later revision of the client was read': { read: { clientRevision: 1 } },
  'a user was read': { read: { subjectRevision: null } },
}

/** The secret before the current one as it is stored, as it was read, and whether that is the same. */
const secrets = [
  ['zeroth-one', 'zeroth-one', true],
  ['zeroth-one', undefined, true],
  ['zeroth-one', 'first-one', false],
  [null, undefined, true],
  [null, 'zeroth-one', false],
] as const

/** A session of a user through a client of its own, so that what is changed of them is in the way of no other case. */
async function insertOne({ write, query }: EmptyDatabase, name: string, previousHash: string | null = null) {
  const asRead = { ...asBegun, sessionId: `session_${name}`, subjectId: `user_${name}`, clientId: `client_${name}` }
  const { subjectId, clientId } = asRead
  const family = { handleHash: `handle-${name}`, currentHash: rotation.currentHash }
  await write(async ({ clients, sessions, users }) => {
    await users.insert(userOf(name))
    await clients.insert(clientOf(name))
    await sessions.insert(sessionOf(name, { subjectId, clientId, family }))
  })
  if (previousHash !== null)
    await query(`UPDATE sessions SET previous_hash = '${previousHash}' WHERE id = 'session_${name}'`)
  return asRead
}

/** The same of a machine: a key of a client of its own, through another one. */
async function insertMachine({ write }: EmptyDatabase, name: string): Promise<AsRead> {
  const [subjectId, clientId] = [`client_owner-${name}`, `client_${name}`]
  await write(async ({ clients, sessions }) => {
    await clients.insert(clientOf(`owner-${name}`))
    await clients.insert(clientOf(name))
    const credentialId = `key_${name}`
    await sessions.insert(sessionOf(name, { subjectId, clientId, credentialId, family: undefined }))
  })
  return { ...asBegun, sessionId: `session_${name}`, subjectId, subjectRevision: 0, clientId }
}

const rows = ({ query }: EmptyDatabase) => query('SELECT * FROM sessions ORDER BY id')

export function sessionAsReadChecks(t: Test, engine: Engine): void {
  for (const [act, run] of Object.entries(acts)) {
    t.test(`${act} succeeds while all is as it was read, up to the last millisecond`, async t => {
      const database = await openWithSessions(t, engine)
      t.equal(await run(database, { ...asBegun, nowMs: expiresAtMs - 1 }), true)
    })

    t.test(`${act} changes nothing when something is not as it was read`, async t => {
      const database = await openWithSessions(t, engine)
      for (const [at, [what, { since, read }]] of Object.entries(refused).entries()) {
        const asRead = await insertOne(database, String(at))
        await database.write(async stores => since?.(stores, asRead))
        const before = await rows(database)
        t.equal(await run(database, { ...asRead, ...read }), false, what)
        t.strictSame(await rows(database), before, what)
      }
    })
  }

  for (const [act, run] of Object.entries(extensions)) {
    t.test(`${act} of a client's machine succeeds while all is as it was read, and changes nothing else`, async t => {
      const database = await openWithSessions(t, engine)
      const asRead = await insertMachine(database, 'machine')
      t.equal(await run(database, { ...asRead, nowMs: expiresAtMs - 1 }), true)
      for (const [at, [what, { since, read }]] of Object.entries(refusedOfClient).entries()) {
        const asRead = await insertMachine(database, String(at))
        await database.write(async stores => since?.(stores, asRead))
        const before = await rows(database)
        t.equal(await run(database, { ...asRead, ...read }), false, what)
        t.strictSame(await rows(database), before, what)
      }
    })
  }

  // A rotation asks for the current one, and so for all that came before it.
  for (const [act, run] of Object.entries(extensions)) {
    t.test(`${act} asks for the previous secret when that was presented, and else for none`, async t => {
      const database = await openWithSessions(t, engine)
      for (const [at, [stored, asked, succeeds]] of secrets.entries()) {
        const asRead = await insertOne(database, String(at), stored)
        const before = await rows(database)
        const presented = asked === undefined ? {} : { previousHash: asked }
        t.equal(await run(database, { ...asRead, ...presented }), succeeds, `${asked} of ${stored}`)
        if (!succeeds) t.strictSame(await rows(database), before)
      }
    })
  }

  t.test('a look changes nothing', async t => {
    const database = await openWithSessions(t, engine)
    const before = await rows(database)
    t.equal(await database.write(({ sessions }) => sessions.isAsRead(asBegun)), true)
    t.strictSame(await rows(database), before)
  })

  t.test('what is changed of others is in nobody’s way', async t => {
    const database = await openWithSessions(t, engine)
    await database.write(async ({ clients, sessions, users }) => {
      await clients.raiseRevision('client_spa')
      await users.setStatus('user_bob', 'disabled')
      await sessions.take({ sessionId: 'session_two' }, all)
    })
    t.equal(await database.read.sessions.isAsRead(asBegun), true)
  })
}
