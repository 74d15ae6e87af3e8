/** Cascades that are more than one write end all there is, and what one that was cut short has left over is taken up. More of them are in the search. */
import t from 'tap'
import { BATCH, crowd, MANY } from '../support/crowd.ts'
import { badToken, good } from '../support/scene.ts'

/** The act with the first batch, one for each other batch, and the one that finds nobody. */
const WRITES = 3
/** Hundreds of sign-ins and refreshes, on a machine that does other things, too. */
const timeout = 250_000

t.test('every session of a user ends, however many there are, a batch a write', { timeout }, async t => {
  const its = await crowd(t, MANY)
  const bystander = await its.device({ clientId: its.who.clientId })
  await its.operator.withWrites(WRITES, () => its.setUser('disabled'))
  t.same([its.revokedAndAlive(), its.recorded()], [[MANY, 1], 0])
  t.same(await its.verdictOn(bystander), good)
})

t.test('what is left over of a user gets nothing, and a server takes it up', { timeout }, async t => {
  const its = await crowd(t, MANY)
  await its.operator.cutShort(t, 1, () => its.setUser('disabled'))
  t.same([its.revokedAndAlive(), its.recorded()], [[BATCH, MANY - BATCH], 1])
  t.ok((await its.refreshes()).every(({ text }) => text === badToken))
  await its.isTakenUp()
  t.same(its.revokedAndAlive(), [MANY, 0])
})
