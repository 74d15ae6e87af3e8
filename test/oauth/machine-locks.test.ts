/** The rows of several keys end beside acts that go through them in another order: nobody waits in a circle. */
import t from 'tap'
import { addKey, addMachine, addUser, exchange } from '../support/asking-machines.ts'
import { isOnPostgres } from '../support/environment.ts'
import { createGate, watchLocks } from '../support/interleaving.ts'
import { operatorBeside } from '../support/operator.ts'
import { byTest, serve } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

t.test(
  'all keys of an owner are revoked while the client that exchanged them is disabled',
  { skip: !isOnPostgres() && 'SQLite has one writer' },
  async t => {
    const gate = createGate()
    const service = await serve(t)
    const operator = await operatorBeside(t, service, undefined, gate.faults)
    const beside = createGate()
    const another = await operatorBeside(t, service, undefined, beside.faults)
    const untilOverOrWaiting = await watchLocks(t, service.databaseFile)
    for (let step = 0, isHeld = true; isHeld; step += 1) {
      const [username, clientId] = [`user-${step}`, `client-${step}`]
      await addUser(service, username)
      await addMachine(service, clientId)
      const keys = [await addKey(service, { username }), await addKey(service, { username })]
      // The rows are in the other order than the keys.
      for (const { text } of keys.toSorted((a, b) => (a.id < b.id ? 1 : -1))) await exchange(service, text, clientId)
      let disabling: Promise<unknown> | undefined
      const revoke = () => operator.apiKeys.revokeAllOf({ username }, byTest)
      const { answer, at } = await gate.holdAt(step, revoke, () => {
        disabling = another.clients.setStatus(clientId, 'disabled', byTest)
        return untilOverOrWaiting(disabling)
      })
      await disabling
      t.equal(answer, 2)
      t.equal(gate.reruns() + beside.reruns(), 0, `before ${at}`)
      isHeld = at !== undefined
    }
    t.same(select(service.databaseFile, 'select id from sessions where ended_at_ms is null'), [])
  },
)
