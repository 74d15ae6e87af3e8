/** Cascades that are more than one write: they end all there is, and what one that was cut short has left over is finished. */

import t, { type Test } from 'tap'
import { addClient } from '../support/clients.ts'
import { inParallel } from '../support/command-line.ts'
import { createHold, during } from '../support/hold.ts'
import { interruptibleService, listedOf } from '../support/interruptible.ts'
import { badToken, ended, good, type Parties, type Tokens } from '../support/scene.ts'
import { byTest } from '../support/serve.ts'
import { auditedBy, select } from '../support/sqlite.ts'

/** Sessions that one write ends. */
const BATCH = 200
/** Beyond what one write ends. */
const MANY = BATCH + 5
/** Hundreds of sign-ins and refreshes, on a machine that does other things, too. */
const timeout = 100_000

/** A service with a user who is signed in on many devices through a client. */
async function crowd(t: Test, count: number) {
  const its = await interruptibleService(t)
  const who: Parties = await its.parties()
  const more = await inParallel(Array.from({ length: count - 1 }), () => its.device(who))
  const many: readonly Tokens[] = [who, ...more]
  const { clients, databaseFile } = its.service
  return {
    ...its,
    who,
    many,
    setClient: (status: 'active' | 'disabled' | 'deleted') => clients.setStatus(who.clientId, status, byTest),
    /** How many the status list shows as revoked, and how many sessions through the client have not ended. */
    listedAndAlive: async (): Promise<[listed: number, alive: number]> => [
      await listedOf(many),
      select(
        databaseFile,
        `select sessions.id from sessions join clients on clients.id = sessions.client_id
         where clients.client_id = ? and ended_at_ms is null`,
        who.clientId,
      ).length,
    ],
    refreshes: () => inParallel(many, ({ refreshToken }) => its.refresh(refreshToken, who)),
  }
}

t.test('every session of a client ends with it, however many there are', { timeout }, async t => {
  const its = await crowd(t, 2 * BATCH + 1)
  const audited = await auditedBy(its.service.databaseFile, () => its.setClient('disabled'))
  const end = 'session.end success client_disabled'
  t.same(audited, ['client.disable success', end, end, end])
  t.same(await its.listedAndAlive(), [its.many.length, 0])
  await its.setClient('active')
  t.ok((await its.refreshes()).every(({ text }) => text === badToken))
})

t.test('every session of a user ends, however many there are, in one write', { timeout }, async t => {
  const its = await crowd(t, MANY)
  const bystander = await its.device({ clientId: its.who.clientId })
  await its.withWrites(1, () => its.service.users.setStatus(its.who.username, 'disabled', byTest))
  t.same(await its.listedAndAlive(), [MANY, 1])
  t.same(await its.verdictOn(bystander), good)
})

for (const status of ['disabled', 'deleted'] as const) {
  t.test(
    `what is left over when a client is ${status} and that is cut short gets nothing, and the janitor ends it`,
    { timeout },
    async t => {
      const its = await crowd(t, MANY)
      const { who, many, service } = its
      const janitor = await service.container.janitor()
      await its.cutShort(t, 1, () => its.setClient(status))
      t.same(await its.listedAndAlive(), [BATCH, MANY - BATCH])
      t.ok((await its.refreshes()).every(({ body }) => body.error === 'invalid_client'))
      const verdicts = await inParallel(many, ({ access }) => its.introspect(access))
      t.ok(
        verdicts.every(({ body }) => body.active === false),
        'introspection does not wait for the janitor',
      )

      its.fresh()
      t.match(await janitor.sweep(), { endedSessions: MANY - BATCH })
      its.appendedLike({ type: 'session.end', reason: `client_${status}`, actor: 'signet' })
      t.same(await its.listedAndAlive(), [MANY, 0])
      t.match(await janitor.sweep(), { endedSessions: 0 })
      its.appendedLike()

      if (status === 'disabled') await its.setClient('active')
      else await addClient(service, { clientId: who.clientId, audiences: [service.issuer] })
      for (const tokens of [many.at(0), many.at(-1)]) {
        if (tokens === undefined) throw new Error('Nobody was signed in.')
        t.same(await its.verdictOn(tokens), ended)
        t.equal((await its.refresh(tokens.refreshToken, who)).text, badToken)
      }
    },
  )
}

t.test(
  'what is left over when a client is disabled and that is cut short ends before the client is enabled again',
  { timeout },
  async t => {
    const its = await crowd(t, MANY + BATCH)
    await its.cutShort(t, 1, () => its.setClient('disabled'))
    // The enabling is cut short itself, once: the client stays disabled as long as anything is left.
    await its.cutShort(t, 1, () => its.setClient('active'))
    t.equal((await its.service.clients.find(its.who.clientId)).status, 'disabled')
    t.same(await its.listedAndAlive(), [2 * BATCH, MANY - BATCH])
    await its.setClient('active')
    t.same(await its.listedAndAlive(), [its.many.length, 0])
    t.ok((await its.refreshes()).every(({ text }) => text === badToken))
    t.same(await its.verdictOn(await its.device(its.who)), good)
  },
)

t.test(
  'a disabling that is under way when the client is enabled ends nothing that began after that',
  { timeout },
  async t => {
    const hold = createHold()
    const its = await crowd(t, MANY)
    const newcomers: Tokens[] = []
    its.holdWrite(2, hold)
    await during(
      hold,
      () => its.setClient('disabled'),
      async () => {
        t.same(await its.listedAndAlive(), [BATCH, MANY - BATCH], 'one batch is done')
        await its.setClient('active')
        newcomers.push(await its.device(its.who))
      },
    )
    t.equal((await its.service.clients.find(its.who.clientId)).status, 'active')
    t.same(await its.listedAndAlive(), [MANY, 1])
    for (const newcomer of newcomers) t.same(await its.verdictOn(newcomer), good)
    t.equal(newcomers.length, 1)
  },
)
