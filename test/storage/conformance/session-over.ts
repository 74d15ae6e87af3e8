import type { Test } from 'tap'
import type { Moment } from '../../../src/records/status-list.ts'
import { all, type EmptyDatabase, type Engine, farMs, openWithParties, sessionOf } from './records.ts'

const moment: Moment = { nowMs: farMs, deadMs: farMs - 300_000 }

const states = ['alive', 'ended', 'expired'] as const
/** When the last access token with an index expires, to the millisecond. */
const expiries = { none: null, dead: moment.deadMs, alive: moment.deadMs + 1 } as const
const tokens = Object.keys(expiries) as readonly (keyof typeof expiries)[]

/** `session_ended-dead-none` has ended, the tokens with its index have expired, and it has left no other. */
const ids = states.flatMap(state => tokens.flatMap(token => tokens.map(left => `session_${state}-${token}-${left}`)))
const over = ids.filter(id => !id.includes('alive')).toSorted()

async function openWithAll(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openWithParties(t, engine)
  await database.write(async ({ sessions }) => {
    for (const id of ids) {
      const expiresAtMs = id.includes('expired') ? farMs : farMs + 1
      await sessions.insert(sessionOf(id, { id, expiresAtMs }))
      if (id.includes('ended')) await sessions.end({ sessionId: id }, all, 'now', farMs)
    }
  })
  // Every combination, also those that the stores would not make.
  for (const token of tokens) {
    const expiry = expiries[token]
    const list = expiry === null ? null : `'list-1'`
    const index = expiry === null ? null : 1
    const used = `status_list_id = ${list}, status_index = ${index}, status_last_expiry_ms = ${expiry}`
    await database.query(`UPDATE sessions SET ${used} WHERE id LIKE 'session_%-${token}-%'`)
    const left = `left_list_id = ${list}, left_index = ${index}, left_last_expiry_ms = ${expiry}`
    await database.query(`UPDATE sessions SET ${left} WHERE id LIKE 'session_%-${token}'`)
  }
  return database
}

const stored = async ({ query }: EmptyDatabase) => (await query('SELECT id FROM sessions')).map(row => row['id'])

export function sessionOverChecks(t: Test, engine: Engine): void {
  t.test('over is what ended or expired and has no access token that is alive, of this index or the last', async t => {
    const { read } = await openWithAll(t, engine)
    const found = await read.sessions.findExpired('', ids.length + 1, moment)
    t.strictSame(found.ids.toSorted(), over)
    t.equal(found.next, undefined)
  })

  t.test('pages of any size show everything once, in the order of the ids', async t => {
    const { read } = await openWithAll(t, engine)
    for (const size of [1, 5, 9, ids.length - 1, ids.length]) {
      const found: string[] = []
      let pages = 0
      let next: string | undefined = ''
      while (next !== undefined && pages <= ids.length) {
        const page = await read.sessions.findExpired(next, size, moment)
        found.push(...page.ids)
        next = page.next
        pages += 1
      }
      t.strictSame(found, over, `pages of ${size}`)
      t.equal(pages, Math.floor(ids.length / size) + 1, `pages of ${size}`)
    }
  })

  t.test('a page shows what is behind its beginning, whether or not that is stored', async t => {
    const { read } = await openWithAll(t, engine)
    const behind = (id: string) => read.sessions.findExpired(id, ids.length, moment)
    const [first = '', second = ''] = over
    t.strictSame((await behind(first)).ids, over.slice(1))
    t.strictSame((await behind(`${second}!`)).ids, over.slice(2))
    t.strictSame(await behind('session_~'), { ids: [], next: undefined })
  })

  t.test('who removes each page before the next one removes everything that is over, and nothing else', async t => {
    const database = await openWithAll(t, engine)
    let removed = 0
    let next: string | undefined = ''
    for (let pages = 0; next !== undefined && pages <= ids.length; pages += 1) {
      const page = await database.read.sessions.findExpired(next, 4, moment)
      removed += await database.write(({ sessions }) => sessions.removeExpired(page.ids, moment))
      next = page.next
    }
    t.equal(removed, over.length)
    t.strictSame((await stored(database)).toSorted(), ids.filter(id => id.includes('alive')).toSorted())
  })

  t.test('what is not over is not removed, whoever asks for it', async t => {
    const database = await openWithAll(t, engine)
    t.equal(
      await database.write(({ sessions }) => sessions.removeExpired([...ids, 'session_none'], moment)),
      over.length,
    )
    t.equal((await stored(database)).length, ids.length - over.length)
  })

  t.test('only what was asked for is removed', async t => {
    const database = await openWithAll(t, engine)
    const [one = '', ...others] = over
    t.equal(await database.write(({ sessions }) => sessions.removeExpired([], moment)), 0)
    t.equal(await database.write(({ sessions }) => sessions.removeExpired([one], moment)), 1)
    t.equal(await database.write(({ sessions }) => sessions.removeExpired([one], moment)), 0)
    t.strictSame((await database.read.sessions.findExpired('', ids.length, moment)).ids, others)
  })
}
