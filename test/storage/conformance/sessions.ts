import type { Test } from 'tap'
import type { NewSession, StoredSession } from '../../../src/records/session.ts'
import { type Engine, holds, openWithParties, sessionOf, statusOf } from './records.ts'

/** A new session as it is read. */
const asStored = ({ family, status, userAgent: _, forwardedBy: __, ...session }: NewSession): StoredSession => ({
  ...session,
  endedAtMs: null,
  canRefresh: family !== undefined,
  revision: 0,
  takenAtMs: null,
  held: holds(status),
})

export function sessionChecks(t: Test, engine: Engine): void {
  t.test('a session comes back with every field as it was stored', async t => {
    const { read, write } = await openWithParties(t, engine)
    await write(({ sessions }) => sessions.insert(sessionOf('one')))
    t.strictSame(await read.sessions.find('session_one'), asStored(sessionOf('one')))
    t.strictSame(await read.sessions.findFamily('handle-one'), {
      ...asStored(sessionOf('one')),
      currentHash: 'first-one',
      previousHash: null,
      salt: null,
      rotatedAgoMs: null,
      subjectStatus: 'active',
      subjectRoles: [],
    })
  })

  t.test('a session is found by its id and by nothing else, with a family and without', async t => {
    const { read, write } = await openWithParties(t, engine)
    const session = sessionOf('two', { subjectId: 'user_bob', status: statusOf(2), family: undefined })
    await write(async ({ sessions }) => {
      await sessions.insert(sessionOf('one'))
      await sessions.insert(session)
    })
    t.strictSame(await read.sessions.find('session_one'), asStored(sessionOf('one')))
    t.strictSame(await read.sessions.find('session_two'), asStored(session))
    for (const other of ['handle-one', 'first-one', 'user_alice', 'session', '']) {
      t.equal(await read.sessions.find(other), undefined)
    }
  })

  t.test('where a sign-in came from is stored, also when it is not known', async t => {
    const { query, write } = await openWithParties(t, engine)
    await write(async ({ sessions }) => {
      await sessions.insert(sessionOf('one'))
      await sessions.insert(sessionOf('two', { address: null, userAgent: null }))
    })
    t.strictSame(await query('SELECT address, user_agent FROM sessions ORDER BY id'), [
      { address: '2001:db8::1', user_agent: 'Browser/1 “x”' },
      { address: null, user_agent: null },
    ])
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
    t.equal(await read.sessions.findFamily('handle-one'), undefined)
  })

  t.test('no two sessions share an id or a handle', async t => {
    const { read, write } = await openWithParties(t, engine)
    await write(({ sessions }) => sessions.insert(sessionOf('one')))
    const { family } = sessionOf('one')
    await t.rejects(write(({ sessions }) => sessions.insert(sessionOf('two', { family }))))
    await t.rejects(write(({ sessions }) => sessions.insert(sessionOf('two', { id: 'session_one' }))))
    t.equal((await read.sessions.findFamily('handle-one'))?.id, 'session_one')
    t.equal(await read.sessions.findFamily('handle-two'), undefined)
  })

  t.test('a session is through a client that exists', async t => {
    const { read, write } = await openWithParties(t, engine)
    await t.rejects(write(({ sessions }) => sessions.insert(sessionOf('one', { clientId: 'client_none' }))))
    t.equal(await read.sessions.findFamily('handle-one'), undefined)
  })

  t.test('a credential has one open session through each client, and another one after its end', async t => {
    const { query, write } = await openWithParties(t, engine)
    await write(async ({ sessions }) => {
      for (const name of ['one', 'two', 'three']) await sessions.insert(sessionOf(name, { family: undefined }))
      await sessions.insert(sessionOf('elsewhere', { family: undefined, clientId: 'client_spa' }))
    })
    const give = (name: string) => query(`UPDATE sessions SET credential_id = 'secret_1' WHERE id = 'session_${name}'`)
    await give('one')
    await give('elsewhere')
    await t.rejects(give('two'))
    await query(`UPDATE sessions SET ended_at_ms = 1 WHERE id = 'session_one'`)
    await give('two')
    await t.rejects(give('three'))
  })
}
