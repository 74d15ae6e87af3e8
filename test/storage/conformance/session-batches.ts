/** Which of the sessions that are meant one write changes, and whether there are more. */
import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import type {
  Batch,
  ChangedSessions,
  SessionFilter,
  SessionReader,
  SessionStore,
} from '../../../src/records/session.ts'
import { all, type EmptyDatabase, type Engine, farMs, openWithParties, sessionOf, statusOf, undone } from './records.ts'
import { openWithDevices, ways } from './which-sessions.ts'

type Act = (sessions: SessionStore, which: SessionFilter, batch: Batch) => Promise<ChangedSessions>

const acts: Readonly<Record<string, Act>> = {
  'an end': (sessions, which, batch) => sessions.end(which, batch, 'now', farMs),
  'a take': (sessions, which, batch) => sessions.take(which, batch),
}

const names = ['a', 'b', 'c', 'd', 'e', 'f'] as const
const indexOf = (name: string) => 100 - name.charCodeAt(0)

/** Alice's, stored in another order than that of their ids; `c` is bob's, and `f` is through another client. */
async function openWithSome(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openWithParties(t, engine)
  await database.write(async ({ sessions }) => {
    for (const name of ['d', 'a', 'f', 'c', 'e', 'b']) {
      const subjectId = name === 'c' ? 'user_bob' : 'user_alice'
      const clientId = name === 'f' ? 'client_spa' : 'client_web-app'
      await sessions.insert(sessionOf(name, { subjectId, clientId, status: statusOf(indexOf(name)) }))
    }
  })
  return database
}

const alice = { subjectId: 'user_alice' }

const found = async (sessions: SessionReader) => {
  const found: Record<string, unknown> = {}
  for (const name of names) found[name] = await sessions.find(`session_${name}`)
  return found
}

const hasOpen = ({ read }: EmptyDatabase, which: SessionFilter, afterId = '') => read.sessions.hasOpen(which, afterId)

export function sessionBatchChecks(t: Test, engine: Engine): void {
  for (const [what, act] of Object.entries(acts)) {
    const changed: readonly (readonly [Batch, SessionFilter, string])[] = [
      [all, alice, 'abdef'],
      [{ afterId: '', limit: 2 }, alice, 'ab'],
      [{ afterId: 'session_a', limit: 2 }, alice, 'bd'],
      [{ afterId: 'session_b', limit: 2 }, alice, 'de'],
      [{ afterId: 'session_b!', limit: 1 }, alice, 'd'],
      [{ afterId: 'session_e', limit: 2 }, alice, 'f'],
      [{ afterId: 'session_f', limit: 2 }, alice, ''],
      [
        { afterId: 'session_a', limit: 9 },
        { ...alice, clientId: 'client_web-app', exceptSessionId: 'session_d' },
        'be',
      ],
      [{ afterId: 'session_a', limit: 1 }, { sessionId: 'session_a' }, ''],
    ]
    t.test(`${what} changes as many as were asked for of those behind an id, in order, and no other`, async t => {
      const database = await openWithSome(t, engine)
      for (const [batch, which, expected] of changed) {
        const title = `${batch.limit} behind ${batch.afterId}`
        const { before, answer, after } = await undone(database, async ({ sessions }) => ({
          before: await found(sessions),
          answer: await act(sessions, which, batch),
          after: await found(sessions),
        }))
        const ids = [...expected].map(name => `session_${name}`)
        t.strictSame(answer.ids, ids, title)
        t.strictSame(
          answer.held.map(({ current }) => current?.index),
          [...expected].map(indexOf),
          `${title}: what they held comes in the same order`,
        )
        const isChanged = (name: string) => !isDeepStrictEqual(before[name], after[name])
        t.strictSame(names.filter(isChanged), [...expected], title)
      }
    })

    t.test(`${what} asks who is meant: nobody said so reaches nobody`, async t => {
      const database = await openWithSome(t, engine)
      const before = await database.query('SELECT * FROM sessions ORDER BY id')
      for (const which of [{}, { subjectId: undefined, sessionId: undefined }])
        await t.rejects(
          database.write(({ sessions }) => act(sessions, which, all)),
          { message: 'Nobody said which sessions.' },
        )
      t.strictSame(await database.query('SELECT * FROM sessions ORDER BY id'), before)
    })
  }

  t.test('who goes on behind the last one takes from each once, however large the batch', async t => {
    for (const limit of [1, 2, 3, 5, 6]) {
      const database = await openWithSome(t, engine)
      const taken: string[] = []
      // No more often than there are sessions: one that began anew would never end.
      for (let batches = 0; batches < names.length; batches += 1) {
        const { ids } = await database.write(({ sessions }) =>
          sessions.take(alice, { afterId: taken.at(-1) ?? '', limit }),
        )
        if (ids.length === 0) break
        taken.push(...ids)
      }
      t.strictSame(
        taken,
        names.filter(name => name !== 'c').map(name => `session_${name}`),
        `batches of ${limit}`,
      )
    }
  })

  t.test('whether one of them is open is known until all have ended', async t => {
    const database = await openWithDevices(t, engine)
    for (const [way, which, meant] of ways) {
      const answers = await undone(database, async ({ sessions }) => {
        const answers = [await sessions.hasOpen(which, '')]
        for (const device of meant) {
          await sessions.end({ sessionId: `session_${device}` }, all, 'now', farMs)
          answers.push(await sessions.hasOpen(which, ''))
        }
        return answers
      })
      t.strictSame(answers, [...meant.map(() => true), false], way)
      t.equal(await hasOpen(database, which), meant.length > 0, way)
    }
  })

  t.test('whether one is open is asked behind an id, which is not itself one of them', async t => {
    const database = await openWithSome(t, engine)
    t.equal(await hasOpen(database, alice, 'session_e'), true)
    t.equal(await hasOpen(database, alice, 'session_e~'), true)
    t.equal(await hasOpen(database, alice, 'session_f'), false)
    t.equal(await hasOpen(database, { subjectId: 'user_bob' }, 'session_c'), false)
  })

  t.test('a work sees whether it has left one open itself', async t => {
    const database = await openWithSome(t, engine)
    const left = await database.write(async ({ sessions }) => {
      await sessions.end(alice, { afterId: '', limit: 4 }, 'now', farMs)
      const before = await sessions.hasOpen(alice, '')
      await sessions.end(alice, all, 'now', farMs)
      return [before, await sessions.hasOpen(alice, '')]
    })
    t.strictSame(left, [true, false])
  })

  t.test('the index is taken from those that are open, not asked whether they hold one', async t => {
    const database = await openWithSome(t, engine)
    await database.write(({ sessions }) => sessions.take(alice, all))
    t.equal(await hasOpen(database, alice), true)
  })
}
