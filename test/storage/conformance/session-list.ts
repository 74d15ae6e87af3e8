import type { Test } from 'tap'
import type { ListedSession, SessionReach } from '../../../src/records/session.ts'
import { ALL, all, type Engine, farMs, openWithParties, sessionOf, statusOf } from './records.ts'
import { isMachine, openWithDevices, statusOfDevice, ways } from './which-sessions.ts'

const names = (sessions: readonly ListedSession[]) => sessions.map(({ id }) => id.replace('session_', ''))

export function sessionListChecks(t: Test, engine: Engine): void {
  t.test(
    'a list shows the sign-ins that are meant and alive, and neither what has ended nor what has expired',
    async t => {
      const { query, read } = await openWithDevices(t, engine)
      await query(`UPDATE sessions SET status_last_expiry_ms = ${farMs} WHERE id = 'session_expired'`)
      for (const [way, which, meant] of ways) {
        const alive = meant.filter(device => device !== 'expired' && !isMachine(device))
        t.strictSame(names(await read.sessions.list(which, farMs, ALL)).toSorted(), alive.toSorted(), way)
      }
    },
  )

  t.test('a session is listed up to the last millisecond before its expiry', async t => {
    const { read } = await openWithDevices(t, engine)
    const { expiresAtMs } = sessionOf('phone')
    t.strictSame(names(await read.sessions.list({ sessionId: 'session_phone' }, expiresAtMs - 1, ALL)), ['phone'])
    t.strictSame(await read.sessions.list({ sessionId: 'session_phone' }, expiresAtMs, ALL), [])
  })

  t.test(
    'a session that has expired is listed as long as an access token of it works, if it has not ended',
    async t => {
      const { query, read } = await openWithDevices(t, engine)
      const { lastExpiryMs } = statusOfDevice('expired')
      const which = { sessionId: 'session_expired' }
      t.strictSame(names(await read.sessions.list(which, lastExpiryMs - 1, ALL)), ['expired'])
      t.strictSame(await read.sessions.list(which, lastExpiryMs, ALL), [])
      await query(`UPDATE sessions SET status_last_expiry_ms = NULL WHERE id = 'session_expired'`)
      t.strictSame(await read.sessions.list(which, farMs, ALL), [], 'its access tokens were revoked')
      await query(`UPDATE sessions SET expires_at_ms = ${farMs} WHERE id = 'session_ended'`)
      t.strictSame(await read.sessions.list({ sessionId: 'session_ended' }, farMs, ALL), [])
    },
  )

  t.test('a listed session shows every field, with the names of its user and its client', async t => {
    const { query, read, write } = await openWithParties(t, engine)
    const session = sessionOf('one', { subjectId: 'user_bob', clientId: 'client_spa' })
    await write(({ sessions }) => sessions.insert(session))
    const listed = {
      id: 'session_one',
      userId: 'user_bob',
      username: 'bob',
      clientId: 'spa',
      createdAtMs: session.createdAtMs,
      lastUsedAtMs: session.createdAtMs,
      expiresAtMs: session.expiresAtMs,
      address: '2001:db8::1',
      forwardedBy: '10.0.0.5',
      userAgent: 'Browser/1 “x”',
    }
    t.strictSame(await read.sessions.list({}, farMs, ALL), [listed])
    await query(`UPDATE sessions SET rotated_at_ms = ${farMs + 9}, address = NULL, user_agent = NULL`)
    const changed = { lastUsedAtMs: farMs + 9, address: null, userAgent: null }
    t.strictSame(await read.sessions.list({}, farMs, ALL), [{ ...listed, ...changed }])
  })

  t.test('the sessions of a deleted user and a disabled client are listed while they have not ended', async t => {
    const { read, write } = await openWithDevices(t, engine)
    await write(async ({ users, clients }) => {
      await users.setStatus('user_bob', 'deleted')
      await clients.setStatus('client_spa', 'disabled')
    })
    const which = { subjectId: 'user_bob', clientId: 'client_spa' }
    t.match(await read.sessions.list(which, farMs, ALL), [{ id: 'session_watch', username: 'bob', clientId: 'spa' }])
  })

  t.test('the session used last comes first: a sign-in is a use, and so is a refresh; then the id counts', async t => {
    const { query, read, write } = await openWithParties(t, engine)
    await write(async ({ sessions }) => {
      await sessions.insert(sessionOf('b', { createdAtMs: farMs - 20 }))
      await sessions.insert(sessionOf('a', { createdAtMs: farMs - 20 }))
      await sessions.insert(sessionOf('refreshed', { createdAtMs: farMs - 99 }))
      await sessions.insert(sessionOf('new', { createdAtMs: farMs - 10 }))
      await sessions.insert(sessionOf('old', { createdAtMs: farMs - 50 }))
    })
    await query(`UPDATE sessions SET rotated_at_ms = ${farMs - 15} WHERE id = 'session_refreshed'`)
    t.strictSame(names(await read.sessions.list({}, farMs, ALL)), ['new', 'refreshed', 'a', 'b', 'old'])
  })

  t.test('of more than the limit, those with the highest ids are listed: the ones started last', async t => {
    const { query, read, write } = await openWithParties(t, engine)
    const started = ['3', '1', 'ended', '5', '2', '4']
    await write(async ({ sessions }) => {
      for (const name of started) await sessions.insert(sessionOf(name))
    })
    await query(`UPDATE sessions SET ended_at_ms = ${farMs} WHERE id = 'session_ended'`)
    await query(`UPDATE sessions SET rotated_at_ms = ${farMs + 9} WHERE id IN ('session_1', 'session_4')`)
    const listed = async (limit: number) => names(await read.sessions.list({}, farMs, limit))
    t.strictSame(await listed(1), ['5'])
    t.strictSame(await listed(3), ['4', '3', '5'])
    t.strictSame(await listed(5), ['1', '4', '2', '3', '5'])
  })

  t.test('pages hold each session once, the one started last first, and those with random ids come last', async t => {
    const { query, read, write } = await openWithParties(t, engine)
    const ids = ['0199a', '0199b', '0199c', 'ended', '3', '2', '0199d', 'f', '0198']
    await write(async ({ sessions }) => {
      for (const id of ids) await sessions.insert(sessionOf(id, id === '3' ? { subjectId: 'user_bob' } : {}))
    })
    await query(`UPDATE sessions SET ended_at_ms = ${farMs} WHERE id = 'session_ended'`)
    const sorted = ['0199d', '0199c', '0199b', '0199a', '0198', 'f', '3', '2']
    for (const limit of [1, 2, 3, 5, 8, 9]) {
      const found: string[] = []
      for (let after: string | undefined; ; ) {
        const page: readonly ListedSession[] = await read.sessions.page({}, farMs, after, limit)
        t.ok(page.length <= limit)
        found.push(...names(page))
        after = page.at(-1)?.id
        if (page.length < limit) break
      }
      t.strictSame(found, sorted, `${limit} at a time`)
    }
    const after = async (id: string) => names(await read.sessions.page({}, farMs, id, 2))
    t.strictSame(await after('session_0199c5'), ['0199c', '0199b'], 'one that is gone is a place, too')
    t.strictSame(await after('session_e'), ['3', '2'])
    t.strictSame(await after(''), ['f', '3'])
    const ofAlice = await read.sessions.page({ subjectId: 'user_alice' }, farMs, 'session_0198', 9)
    t.strictSame(names(ofAlice), ['f', '2'])
  })

  t.test(
    'sessions with a live access token are counted by their last use, from its beginning to before its end',
    async t => {
      const { query, read, write } = await openWithParties(t, engine)
      const live = (lastExpiryMs: number) => ({ status: statusOf(1, { lastExpiryMs }) })
      await write(async ({ sessions }) => {
        await sessions.insert(sessionOf('new', { createdAtMs: farMs, ...live(farMs + 100) }))
        await sessions.insert(sessionOf('refreshed', { createdAtMs: farMs - 50, ...live(farMs + 100) }))
        await sessions.insert(sessionOf('quiet', { createdAtMs: farMs, ...live(farMs + 50) }))
        await sessions.insert(sessionOf('ended', { createdAtMs: farMs, ...live(farMs + 100) }))
      })
      await query(`UPDATE sessions SET rotated_at_ms = ${farMs + 10} WHERE id = 'session_refreshed'`)
      await query(`UPDATE sessions SET ended_at_ms = ${farMs} WHERE id = 'session_ended'`)
      const count = (fromMs: number, beforeMs: number, nowMs = farMs, most = ALL) =>
        read.sessions.countLive(fromMs, beforeMs, nowMs, most)
      t.equal(await count(0, Number.MAX_SAFE_INTEGER), 3)
      t.equal(await count(0, Number.MAX_SAFE_INTEGER, farMs, 3), 3)
      t.equal(await count(0, Number.MAX_SAFE_INTEGER, farMs, 2), 2, 'it looks no further')
      t.equal(await count(farMs, farMs + 10), 2, 'the refreshed one was used later')
      t.equal(await count(farMs, farMs + 11), 3)
      t.equal(await count(farMs + 1, farMs + 11), 1)
      t.equal(await count(0, farMs), 0, 'not by the time of the sign-in')
      t.equal(await count(0, Number.MAX_SAFE_INTEGER, farMs + 49), 3)
      t.equal(await count(0, Number.MAX_SAFE_INTEGER, farMs + 50), 2, 'a token that has expired is not alive')
      t.equal(await count(0, Number.MAX_SAFE_INTEGER, farMs + 100), 0)
    },
  )

  t.test('what an act reaches is counted by what is alive of it: sign-ins, their tokens, and machines', async t => {
    const { read, write } = await openWithParties(t, engine)
    const live = { status: statusOf(1, { lastExpiryMs: farMs + 100 }) }
    const over = { status: statusOf(2, { lastExpiryMs: farMs }) }
    const later = { expiresAtMs: farMs + 100 }
    const machine = { family: undefined, ...live, expiresAtMs: 1 }
    await write(async ({ sessions }) => {
      await sessions.insert(sessionOf('phone', { ...later, ...live }))
      await sessions.insert(sessionOf('idle', { ...later, ...over }))
      await sessions.insert(sessionOf('last-token', { expiresAtMs: farMs, ...live }))
      await sessions.insert(sessionOf('over', { expiresAtMs: farMs, ...over }))
      await sessions.insert(sessionOf('of-bob', { ...later, ...live, subjectId: 'user_bob', clientId: 'client_spa' }))
      await sessions.insert(sessionOf('machine', { ...machine, credentialId: 'key_1' }))
      await sessions.insert(sessionOf('other-machine', { ...machine, credentialId: 'key_2', clientId: 'client_spa' }))
      await sessions.insert(
        sessionOf('silent-machine', { ...later, ...over, family: undefined, credentialId: 'key_3' }),
      )
      await sessions.insert(sessionOf('ended', { ...later, ...live }))
      await sessions.end({ sessionId: 'session_ended' }, all, 'now', farMs)
    })
    const count = async (reach: SessionReach, most = ALL) => {
      const { signIns, signInsWithToken, machines } = await read.sessions.countAlive(reach, farMs, most)
      return [signIns, signInsWithToken, machines]
    }
    t.strictSame(await count({}), [4, 3, 2])
    t.strictSame(await count({ subjectId: 'user_alice' }), [3, 2, 2])
    t.strictSame(await count({ clientId: 'client_spa' }), [1, 1, 1])
    t.strictSame(await count({ sessionId: 'session_idle' }), [1, 0, 0])
    t.strictSame(await count({ credentialIds: ['key_1', 'key_3', 'key_4'] }), [0, 0, 1])
    t.strictSame(await count({ credentialIds: [] }), [0, 0, 0])
    t.strictSame(await count({ roleName: 'editor' }), [0, 0, 0])
    await write(async ({ roles, users }) => {
      await roles.insert({ name: 'editor', permissions: ['posts:write'] })
      await users.grantRole('user_bob', 'editor')
    })
    t.strictSame(await count({ roleName: 'editor' }), [1, 1, 0])
    t.equal(
      (await count({}, 2)).reduce((sum, each, index) => (index === 1 ? sum : sum + each), 0),
      2,
      'no further',
    )
  })

  t.test('those that have not ended are counted, no further than is asked for', async t => {
    const { read, write } = await openWithParties(t, engine)
    t.equal(await read.sessions.countOpen(10), 0)
    await write(async ({ sessions }) => {
      for (const name of ['one', 'two', 'three', 'ended']) await sessions.insert(sessionOf(name))
      await sessions.insert(sessionOf('expired', { expiresAtMs: 1 }))
      await sessions.end({ sessionId: 'session_ended' }, all, 'now', farMs)
    })
    t.equal(await read.sessions.countOpen(10), 4)
    t.equal(await read.sessions.countOpen(4), 4)
    t.equal(await read.sessions.countOpen(3), 3)
  })
}
