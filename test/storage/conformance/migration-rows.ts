/** From version 0.1: every token hangs on a row with a revision, and secrets are rows of their own. */
import type { Test } from 'tap'
import { everything } from './migrations.ts'
import { openOld, secretsOfWebApp, sessions, tablesOfOld } from './old-database.ts'
import { type EmptyDatabase, type Engine, farMs, statusOf } from './records.ts'

const rowsOf = ({ query }: EmptyDatabase, tables: readonly string[]) =>
  Promise.all(tables.map(async table => [table, await query(`SELECT * FROM ${table} ORDER BY 1, 2`)]))

const byId = (rows: readonly Readonly<Record<string, unknown>>[]) =>
  rows.toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1))

async function openMigratedOld(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openOld(t, engine)
  await database.migrate()
  return database
}

const readAs = {
  subjectId: 'user_alice',
  clientId: 'client_web-app',
  revision: 0,
  clientRevision: 0,
  subjectRevision: null,
  nowMs: farMs,
}

export function rowsMigrationChecks(t: Test, engine: Engine): void {
  t.test('from 0.1: no session loses anything, in whichever state it is, and each gets a revision', async t => {
    const database = await openOld(t, engine)
    await database.migrateTo('0004-rows')
    const fresh = { credential_id: null, revision: 0, taken_at_ms: null }
    const expected = sessions.map(({ user_id, ...row }) => ({ ...row, ...fresh, subject_id: user_id }))
    t.same(byId(await database.query('SELECT * FROM sessions')), byId(expected))
  })

  t.test('from 0.1: nothing of anything else is changed, and a revoked index stays revoked', async t => {
    const database = await openOld(t, engine)
    const others = tablesOfOld.filter(table => table !== 'sessions' && table !== 'clients')
    const before = await rowsOf(database, others)
    const clients = await database.query('SELECT * FROM clients ORDER BY id')
    await database.migrateTo('0004-rows')
    t.strictSame(await rowsOf(database, others), before)
    t.same(
      await database.query('SELECT * FROM clients ORDER BY id'),
      clients.map(({ secrets: _, ...row }) => ({ ...row, revision: 0 })),
    )
  })

  t.test('from 0.1: secrets keep their ids, names and times, and belong to the client that had them', async t => {
    const { read } = await openMigratedOld(t, engine)
    const secretsOf = async (clientId: string) => (await read.clients.find(clientId))?.secrets
    t.strictSame(
      await secretsOf('web-app'),
      secretsOfWebApp.map(secret => ({ ...secret, lastUsedAtMs: null })),
    )
    t.match(await secretsOf('off'), [{ id: 'secret_off', name: 'ci', hash: 'hash-off' }])
    t.strictSame([await secretsOf('spa'), await secretsOf('web-app-2')], [[], []])
  })

  t.test('from 0.1: the sessions go on: they are found, refreshed, taken from and ended', async t => {
    const { read, write } = await openMigratedOld(t, engine)
    t.match(await read.sessions.findFamily('handle-half-moved'), {
      id: 'session_half-moved',
      subjectId: 'user_alice',
      currentHash: 'current-half-moved',
      previousHash: 'previous',
      subjectStatus: 'active',
      held: { current: { listId: 'list-2', index: 2 }, previousStatus: { listId: 'list-1', index: 7 } },
    })
    const ends = { expiresAtMs: farMs + 5000, absoluteExpiresAtMs: farMs + 6000 }
    const rotation = { nextHash: 'next', salt: 'salt', ...ends, address: null, userAgent: null }
    const rotate = (name: string, isFresh: boolean) =>
      write(({ sessions }) => {
        const asRead = { ...readAs, sessionId: `session_${name}` }
        return sessions.rotate(asRead, { ...rotation, currentHash: `current-${name}` }, statusOf(99), isFresh)
      })
    t.equal(await rotate('live', false), true)
    t.equal(await rotate('taken', true), true)
    t.equal(await rotate('ended', false), false)
    const batch = { afterId: '', limit: 100 }
    const alice = { subjectId: 'user_alice', clientId: 'client_web-app' }
    t.strictSame((await write(({ sessions }) => sessions.take(alice, batch))).ids, [
      'session_expired',
      'session_half-moved',
      'session_live',
      'session_no-family',
      'session_taken',
      'session_unknown',
    ])
    t.strictSame((await write(({ sessions }) => sessions.end({ subjectId: 'user_bob' }, batch, 'now', farMs))).ids, [
      "session_bob's",
    ])
  })

  t.test('from 0.1: what was begun and not ended is recorded, to be gone on with', async t => {
    const { read } = await openMigratedOld(t, engine)
    const common = { cursor: '', done: 0, by: { actor: 'signet', address: null, userAgent: null, requestId: null } }
    const cascades = (await read.cascades.list()).map(({ id: _, ...cascade }) => cascade)
    t.strictSame(
      cascades.toSorted((a, b) => (a.reason < b.reason ? -1 : 1)),
      [
        { ...common, change: 'end', target: { clientId: 'client_gone' }, reason: 'client_deleted' },
        { ...common, change: 'end', target: { clientId: 'client_off' }, reason: 'client_disabled' },
        { ...common, change: 'take', target: { roleName: "writer's" }, reason: 'role_deleted' },
      ],
    )
  })

  t.test('from 0.1: the rules between rows are the old ones', async t => {
    const database = await openMigratedOld(t, engine)
    t.equal(await database.integrityProblem(), undefined)
    const set = (column: string, value: string) =>
      database.query(`UPDATE sessions SET ${column} = '${value}' WHERE id = 'session_live'`)
    await t.rejects(set('handle_hash', 'handle-taken'), 'a handle is of one session')
    await t.rejects(set('client_id', 'client_none'), 'a session is through a client')
    await t.rejects(set('id', 'session_taken'), 'an id is of one session')
  })

  t.test('from 0.1: a second run changes nothing, and a fresh database has nothing to go on with', async t => {
    const database = await openMigratedOld(t, engine)
    const before = await everything(database)
    t.strictSame(await database.migrate(), [])
    t.strictSame(await everything(database), before)
    t.strictSame(await (await engine.openMigrated(t)).read.cascades.list(), [])
  })
}
