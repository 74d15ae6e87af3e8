/** Cascades that are more than one write, of clients and of users, cut short and met by others: nothing is left over for good. */
import t from 'tap'
import { addClient } from '../support/clients.ts'
import { inParallel } from '../support/command-line.ts'
import { BATCH, crowd, MANY } from '../support/crowd.ts'
import { createHold, during } from '../support/hold.ts'
import { interruptibleOperator } from '../support/interruptible.ts'
import { badToken, ended, good, type Tokens } from '../support/scene.ts'
import { byTest } from '../support/serve.ts'
import { auditedBy } from '../support/sqlite.ts'

/** Hundreds of sign-ins and refreshes, on a machine that does other things, too. */
const timeout = 250_000

t.test('every session of a client ends with it, however many there are', { timeout }, async t => {
  const its = await crowd(t, 2 * BATCH + 1)
  const audited = await auditedBy(its.service, () => its.setClient('disabled'))
  const end = 'session.end success client_disabled'
  t.same(audited, ['client.disable success', end, end, end])
  t.same([its.revokedAndAlive(), its.recorded()], [[its.many.length, 0], 0])
  await its.setClient('active')
  t.ok((await its.refreshes()).every(({ text }) => text === badToken))
})

for (const status of ['disabled', 'deleted'] as const) {
  t.test(
    `what is left over when a client is ${status} and that is cut short gets nothing, and a server takes it up`,
    { timeout },
    async t => {
      const its = await crowd(t, MANY)
      const { who, many, service } = its
      await its.operator.cutShort(t, 1, () => its.setClient(status))
      t.same([its.revokedAndAlive(), its.recorded()], [[BATCH, MANY - BATCH], 1])
      t.ok((await its.refreshes()).every(({ body }) => body.error === 'invalid_client'))
      const verdicts = await inParallel(many, ({ access }) => its.introspect(access))
      t.ok(
        verdicts.every(({ body }) => body.active === false),
        'introspection does not wait for that',
      )

      await its.fresh()
      await its.isTakenUp()
      const { actor } = byTest
      await its.appendedLike({ type: 'session.end', reason: `client_${status}`, actor })
      t.same(its.revokedAndAlive(), [MANY, 0])

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
  'a client with many sessions that loses a scope keeps them, and all their access tokens end',
  { timeout },
  async t => {
    const its = await crowd(t, MANY)
    const narrow = () => its.operator.clients.update(its.who.clientId, { scope: ['posts:read'] }, byTest)
    await its.operator.cutShort(t, 1, narrow)
    t.same([its.revokedAndAlive(), its.recorded()], [[BATCH, MANY], 1])
    const [first, last] = [its.many.at(0), its.many.at(-1)]
    if (first === undefined || last === undefined) throw new Error('Nobody was signed in.')
    const next = [await its.refreshed(first, its.who), await its.refreshed(last, its.who)]
    await its.isTakenUp()
    t.same(its.revokedAndAlive(), [MANY, MANY])
    for (const tokens of next)
      t.same((await its.introspect((await its.refreshed(tokens, its.who)).access)).body.scope, 'posts:read')
  },
)

for (const party of ['Client', 'User'] as const) {
  const name = party.toLowerCase()
  t.test(
    `what is left over when a ${name} is disabled and that is cut short ends before the ${name} is enabled again`,
    { timeout },
    async t => {
      const its = await crowd(t, MANY + BATCH)
      const set = its[`set${party}`]
      await its.operator.cutShort(t, 1, () => set('disabled'))
      // The enabling is cut short itself, once: it stays disabled as long as anything is left.
      await its.operator.cutShort(t, 1, () => set('active'))
      t.equal((await its.attempt(its.who)).status, party === 'Client' ? 401 : 400)
      t.same([its.revokedAndAlive(), its.recorded()], [[2 * BATCH, MANY - BATCH], 1])
      await set('active')
      t.same([its.revokedAndAlive(), its.recorded()], [[its.many.length, 0], 0])
      t.ok((await its.refreshes()).every(({ text }) => text === badToken))
      t.same(await its.verdictOn(await its.device(its.who)), good)
    },
  )

  t.test(
    `a disabling that is under way when the ${name} is enabled ends nothing that began after that`,
    { timeout },
    async t => {
      const hold = createHold()
      const its = await crowd(t, MANY)
      const set = its[`set${party}`]
      const other = await interruptibleOperator(t, its)
      const newcomers: Tokens[] = []
      its.operator.holdWrite(2, hold)
      await during(
        hold,
        () => set('disabled'),
        async () => {
          t.same(its.revokedAndAlive(), [BATCH, MANY - BATCH], 'one batch is done')
          await set('active', other)
          newcomers.push(await its.device(its.who))
        },
      )
      t.same(its.revokedAndAlive(), [MANY, 1])
      for (const newcomer of newcomers) t.same(await its.verdictOn(newcomer), good)
      t.equal(newcomers.length, 1)
    },
  )
}
