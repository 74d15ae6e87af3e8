/** The rows of machines: one for each credential through each client, found by it, and by the index that its tokens carry. */
import type { Test } from 'tap'
import type { NewSession } from '../../../src/records/session.ts'
import { all, type EmptyDatabase, type Engine, farMs, openWithParties, sessionOf, statusOf } from './records.ts'
import { asBegun } from './session-rotation.ts'

const [credentialId, clientId] = ['key_1', 'client_web-app']

/** The row of alice's key through web-app. */
const machineOf = (name: string, more: Partial<NewSession> = {}): NewSession =>
  sessionOf(name, { credentialId, family: undefined, ...more })

const insert = ({ write }: EmptyDatabase, session: NewSession) => write(({ sessions }) => sessions.insert(session))
const end = ({ write }: EmptyDatabase, name: string) =>
  write(({ sessions }) => sessions.end({ sessionId: `session_${name}` }, all, 'now', farMs))
const rows = ({ query }: EmptyDatabase) => query('SELECT * FROM sessions ORDER BY id')

export function machineSessionChecks(t: Test, engine: Engine): void {
  t.test('a credential has one open session through each client: a second one is not stored, and no error', async t => {
    const database = await openWithParties(t, engine)
    t.equal(await insert(database, machineOf('one')), true)
    const before = await rows(database)
    t.equal(await insert(database, machineOf('two')), false)
    t.equal(await insert(database, machineOf('three', { subjectId: 'client_spa', status: statusOf(9) })), false)
    t.strictSame(await rows(database), before)

    t.equal(await insert(database, machineOf('elsewhere', { clientId: 'client_spa' })), true)
    t.equal(await insert(database, machineOf('another', { credentialId: 'key_2' })), true)
    for (const name of ['a', 'b']) t.equal(await insert(database, sessionOf(name)), true, 'any number of sign-ins')
  })

  t.test('a work whose session is not stored goes on, and what else it does is done', async t => {
    const database = await openWithParties(t, engine)
    await insert(database, machineOf('one'))
    await database.write(async ({ sessions, users }) => {
      await users.setStatus('user_bob', 'disabled')
      t.equal(await sessions.insert(machineOf('two')), false)
    })
    t.match(await database.read.users.findById('user_bob'), { status: 'disabled' })
  })

  t.test('whatever else a new session has in common with another is an error', async t => {
    const database = await openWithParties(t, engine)
    await insert(database, machineOf('one'))
    await t.rejects(insert(database, machineOf('one', { credentialId: 'key_2' })), 'its id')
    await t.rejects(insert(database, machineOf('two', { credentialId: 'key_2', clientId: 'client_none' })))
  })

  t.test('after the end of one the next one is stored beside it', async t => {
    const database = await openWithParties(t, engine)
    for (const name of ['one', 'two', 'three']) {
      t.equal(await insert(database, machineOf(name)), true)
      await end(database, name)
    }
    t.equal((await rows(database)).length, 3)
    t.equal(await database.read.sessions.findByCredential(credentialId, clientId), undefined)
  })

  t.test('of fifty that are stored at once one is', async t => {
    const database = await openWithParties(t, engine)
    const stored = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        insert(database, machineOf(`number-${index}`, { status: statusOf(index) })),
      ),
    )
    t.equal(stored.filter(Boolean).length, 1)
    const found = await database.read.sessions.findByCredential(credentialId, clientId)
    t.equal(found?.id, `session_number-${stored.indexOf(true)}`)
    t.equal((await rows(database)).length, 1)
  })

  t.test('it is found by its credential and its client, until it ends, whatever has expired', async t => {
    const database = await openWithParties(t, engine)
    const { findByCredential, find } = database.read.sessions
    await insert(database, machineOf('one', { expiresAtMs: 1 }))
    await insert(database, machineOf('two', { clientId: 'client_spa' }))
    await insert(database, sessionOf('three'))
    t.strictSame(await findByCredential(credentialId, clientId), await find('session_one'))
    t.match(await findByCredential(credentialId, clientId), {
      credentialId,
      canRefresh: false,
      subjectId: 'user_alice',
    })
    t.strictSame(await findByCredential(credentialId, 'client_spa'), await find('session_two'))
    for (const [credential, client] of [
      ['key_2', clientId],
      [credentialId, 'client_none'],
      ['', clientId],
    ] as const)
      t.equal(await findByCredential(credential, client), undefined)
    await end(database, 'one')
    t.equal(await findByCredential(credentialId, clientId), undefined)
    t.strictSame(await findByCredential(credentialId, 'client_spa'), await find('session_two'))
  })

  t.test('a work finds the one that it has just stored', async t => {
    const { write } = await openWithParties(t, engine)
    const found = await write(async ({ sessions }) => {
      await sessions.insert(machineOf('one'))
      return sessions.findByCredential(credentialId, clientId)
    })
    t.equal(found?.id, 'session_one')
  })

  t.test('it is found by its subject and the index that its tokens carry, now or before the last move', async t => {
    const database = await openWithParties(t, engine)
    const { findHolder, find } = database.read.sessions
    await insert(database, machineOf('one', { status: statusOf(1) }))
    await insert(database, machineOf('two', { clientId: 'client_spa', status: statusOf(2) }))
    const reference = (index: number, listId = 'list-1') => ({ listId, index })
    t.strictSame(await findHolder('user_alice', reference(1)), await find('session_one'))
    t.strictSame(await findHolder('user_alice', reference(2)), await find('session_two'))
    t.equal(await findHolder('user_bob', reference(1)), undefined, 'of another subject')
    t.equal(await findHolder('user_alice', reference(3)), undefined)
    t.equal(await findHolder('user_alice', reference(1, 'list-2')), undefined)

    const extend = (revision: number, index: number) =>
      database.write(({ sessions }) => sessions.extend({ ...asBegun, revision }, statusOf(index), true))
    await extend(0, 11)
    t.strictSame(await findHolder('user_alice', reference(1)), await find('session_one'), 'it left this one')
    t.strictSame(await findHolder('user_alice', reference(11)), await find('session_one'))
    await extend(1, 12)
    t.equal(await findHolder('user_alice', reference(1)), undefined, 'long ago')
    await database.write(({ sessions }) => sessions.take({ credentialId, clientId }, all))
    for (const index of [11, 12]) t.equal(await findHolder('user_alice', reference(index)), undefined, 'taken')
    await end(database, 'two')
    t.equal(await findHolder('user_alice', reference(2)), undefined, 'ended')
  })

  t.test('no machine is an idle sign-in, however long ago it began', async t => {
    const { write } = await openWithParties(t, engine)
    const idle = await write(async ({ sessions }) => {
      await sessions.insert(machineOf('one', { createdAtMs: 1 }))
      await sessions.insert(sessionOf('two'))
      return sessions.findIdle('user_alice', clientId, 0, farMs, 100)
    })
    t.strictSame(idle, ['session_two'])
  })

  t.test(
    'a machine counts as alive from any time before its end, because when it came last is not written',
    async t => {
      const { query, read, write } = await openWithParties(t, engine)
      await write(async ({ sessions }) => {
        const status = statusOf(1, { lastExpiryMs: farMs + 100 })
        await sessions.insert(machineOf('one', { createdAtMs: farMs - 50, status }))
        await sessions.insert(sessionOf('two', { createdAtMs: farMs - 50, status }))
      })
      const count = (fromMs: number, beforeMs: number, nowMs = farMs) =>
        read.sessions.countLive(fromMs, beforeMs, nowMs, 9)
      t.equal(await count(farMs - 50, farMs), 2)
      t.equal(await count(farMs - 49, farMs), 1, 'the sign-in was used before')
      t.equal(await count(farMs - 99, farMs - 50), 0, 'it had not begun')
      t.equal(await count(farMs - 49, farMs, farMs + 100), 0, 'its tokens have expired')
      await query(`UPDATE sessions SET ended_at_ms = ${farMs} WHERE id = 'session_one'`)
      t.equal(await count(farMs - 49, farMs), 0)
    },
  )
}
