import type { Test } from 'tap'
import { type Engine, openWithParties, sessionOf } from './records.ts'

export function sessionChecks(t: Test, engine: Engine): void {
  t.test('a session comes back with every field as it was stored', async t => {
    const { read, write } = await openWithParties(t, engine)
    const { family: _, createdAtMs: __, ...session } = sessionOf('one')
    await write(({ sessions }) => sessions.insert(sessionOf('one')))
    t.strictSame(await read.sessions.findByHandleHash('handle-one'), {
      ...session,
      endedAtMs: null,
      currentHash: 'first-one',
      previousHash: null,
      salt: null,
      rotatedAgoMs: null,
    })
  })

  t.test('the time of the sign-in and all expiries are stored, also those that the reader does not show', async t => {
    const { query, write } = await openWithParties(t, engine)
    const session = sessionOf('one')
    await write(({ sessions }) => sessions.insert(session))
    const [row] = await query('SELECT created_at_ms, expires_at_ms, absolute_expires_at_ms FROM sessions')
    t.strictSame(row, {
      created_at_ms: session.createdAtMs,
      expires_at_ms: session.expiresAtMs,
      absolute_expires_at_ms: session.absoluteExpiresAtMs,
    })
  })

  t.test('a family is found by the hash of its handle and by nothing else', async t => {
    const { read, write } = await openWithParties(t, engine)
    await write(async ({ sessions }) => {
      await sessions.insert(sessionOf('one'))
      await sessions.insert(sessionOf('two', { userId: 'user_bob', clientId: 'client_spa' }))
    })
    t.equal((await read.sessions.findByHandleHash('handle-two'))?.id, 'session_two')
    for (const other of ['session_one', 'first-one', 'handle', '']) {
      t.equal(await read.sessions.findByHandleHash(other), undefined)
    }
  })

  t.test('any number of sessions have no family', async t => {
    const { read, write, query } = await openWithParties(t, engine)
    await write(async ({ sessions }) => {
      await sessions.insert(sessionOf('one', { family: undefined }))
      await sessions.insert(sessionOf('two', { family: undefined }))
    })
    t.strictSame(await query('SELECT id, handle_hash, current_hash FROM sessions ORDER BY id'), [
      { id: 'session_one', handle_hash: null, current_hash: null },
      { id: 'session_two', handle_hash: null, current_hash: null },
    ])
    t.equal(await read.sessions.findByHandleHash('handle-one'), undefined)
  })

  t.test('no two sessions share an id or a handle', async t => {
    const { read, write } = await openWithParties(t, engine)
    await write(({ sessions }) => sessions.insert(sessionOf('one')))
    const { family } = sessionOf('one')
    await t.rejects(write(({ sessions }) => sessions.insert(sessionOf('two', { family }))))
    await t.rejects(write(({ sessions }) => sessions.insert(sessionOf('two', { id: 'session_one' }))))
    t.equal((await read.sessions.findByHandleHash('handle-one'))?.id, 'session_one')
    t.equal(await read.sessions.findByHandleHash('handle-two'), undefined)
  })

  t.test('a session belongs to a user and a client that exist', async t => {
    const { read, write } = await openWithParties(t, engine)
    await t.rejects(write(({ sessions }) => sessions.insert(sessionOf('one', { userId: 'user_nobody' }))))
    await t.rejects(write(({ sessions }) => sessions.insert(sessionOf('one', { clientId: 'client_none' }))))
    t.equal(await read.sessions.findByHandleHash('handle-one'), undefined)
  })
}
