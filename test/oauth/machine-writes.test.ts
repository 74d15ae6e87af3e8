/** A machine that asks again and again writes nothing, and one that revokes its tokens in a loop uses up no list. */
import t, { type Test } from 'tap'
import type { Write } from '../../src/records/unit-of-work.ts'
import { addKey, addMachine, askAs, exchange } from '../support/asking-machines.ts'
import { testClock } from '../support/clock.ts'
import { inParallel } from '../support/command-line.ts'
import { isOnPostgres } from '../support/environment.ts'
import { isError } from '../support/error-shape.ts'
import { type Answer, type Service, secret, serve } from '../support/serve.ts'
import { everythingIn, select, sessionsOf } from '../support/sqlite.ts'
import { isRevoked, statusIn, statusListsOf, storedRevocations, until } from '../support/status-list.ts'

/** A service, used once, so that it has a block of indices, and how often it writes from then on. */
async function stage(t: Test) {
  let writes = 0
  const write =
    (inner: Write): Write =>
    (work, size) => {
      writes += 1
      return inner(work, size)
    }
  const clock = testClock()
  const service = await serve(t, { clock, faults: { write } })
  // It begins with the service, and writes beside everything else.
  const janitor = await service.container.janitor()
  await until(async () => janitor.done().lastAtMs !== undefined)
  for (const clientId of ['first', 'job']) await addMachine(service, clientId)
  await askAs(service, 'first')
  const { text } = await addKey(service, { clientId: 'first' })
  const machines: readonly [name: string, ask: () => Promise<Answer>, rounds: number][] = [
    ['a client for itself', () => askAs(service, 'job'), 25],
    ['a key of a client', () => exchange(service, text, 'job'), 25],
  ]
  return {
    clock,
    service,
    machines,
    async writesOf(act: () => Promise<unknown>) {
      const before = writes
      await act()
      return writes - before
    },
  }
}

t.test('of any number of grants within five minutes two write: the row, and when the credential was used', async t => {
  const { clock, machines, service, writesOf } = await stage(t)
  for (const [name, ask, rounds] of machines) {
    const row = sessionsOf(service.databaseFile).length
    const count = await writesOf(async () => {
      // Of many first ones at once each tries to write the row.
      t.equal((await ask()).status, 200)
      for (let round = 0; round < rounds; round += 1) {
        const answers = await inParallel(Array.from({ length: 20 }), ask)
        if (answers.some(({ status }) => status !== 200)) t.fail('every one is answered')
        // As long as the tokens of a key live.
        clock.advance(300_000 / rounds)
      }
    })
    t.equal(count, 2, name)
    t.equal(sessionsOf(service.databaseFile).length, row + 1)
    t.equal(sessionsOf(service.databaseFile)[row]?.['revision'], 0)
  }
})

t.test('of many requests that find the row due at once, the first writes it for all', async t => {
  const { clock, machines, service } = await stage(t)
  const rows = () => select(service.databaseFile, 'select count(*) as events from audit_events')[0]?.['events']
  for (const [name, ask] of machines) {
    await ask()
    for (let times = 0; times < 3; times += 1) {
      const before = rows()
      // Longer than either is written ahead.
      clock.advance(600_001)
      const answers = await Promise.all(Array.from({ length: 50 }, ask))
      t.ok(
        answers.every(({ status }) => status === 200),
        name,
      )
      // On PostgreSQL those that come before its commit do it, too.
      if (isOnPostgres()) t.ok(rows() - before < 50, name)
      else t.equal(rows() - before, 1, name)
    }
  }
})

const revoke = (service: Service, { body }: Answer): Promise<Answer> =>
  service.get('/oauth/revoke', { form: { token: body.access_token }, client: ['job', secret] })

t.test('a machine that revokes its token in a loop is told to come back, and its list does not grow', async t => {
  const { clock, machines, service } = await stage(t)
  const { databaseFile } = service
  for (const [name, ask] of machines) {
    const blocks = () => statusListsOf(databaseFile).map(list => list['next_block'])
    const before = { revoked: storedRevocations(databaseFile).length, blocks: blocks() }
    const first = await ask()
    t.equal((await revoke(service, first)).status, 200, name)
    const second = await ask()
    t.not(statusIn(second.body.access_token).idx, statusIn(first.body.access_token).idx)
    const stored = everythingIn(databaseFile)
    for (let loops = 0; loops < 100; loops += 1) {
      const answer = await revoke(service, await ask())
      if (loops > 0 && answer.status === 503) continue
      isError(t, answer, [503, 'temporarily_unavailable'])
      t.equal(answer.headers.get('retry-after'), '60')
    }
    t.same(everythingIn(databaseFile), stored, 'nothing was written')
    t.notOk(await isRevoked(statusIn(second.body.access_token)))

    clock.advance(60_000)
    t.equal((await revoke(service, second)).status, 200, 'once a minute')
    t.ok(await isRevoked(statusIn(second.body.access_token)))
    t.equal(storedRevocations(databaseFile).length, before.revoked + 2)
    t.same(blocks(), before.blocks)
  }
})
