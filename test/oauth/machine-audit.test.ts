/** What the audit says of the grants of machines: which of them, and who. */
import t, { type Test } from 'tap'
import { addKey, addMachine, addUser, askAs, exchange } from '../support/asking-machines.ts'
import { rowsOf } from '../support/audit.ts'
import { testClock } from '../support/clock.ts'
import { auditsAll, byTest, type ServeOptions, serve } from '../support/serve.ts'

async function stage(t: Test, environment: ServeOptions['environment']) {
  const clock = testClock()
  const service = await serve(t, { clock, ...(environment && { environment }) })
  const { client, secretId } = await addMachine(service, 'job')
  await addUser(service, 'alice')
  const { userId } = await service.users.find('alice')
  const ofUser = await addKey(service, { username: 'alice' })
  const ofClient = await addKey(service, { clientId: 'job' })
  let seen = rowsOf(service.databaseFile).length
  const asked = { outcome: 'success', client_id: client.id, session_id: /^session_/, reason: null }
  return {
    clock,
    revokeRole: () => service.roles.revoke('writer-alice', 'alice', byTest),
    async all() {
      await askAs(service, 'job')
      await exchange(service, ofUser.text, 'job')
      await exchange(service, ofClient.text, 'job')
    },
    fresh() {
      const rows = rowsOf(service.databaseFile).slice(seen)
      seen += rows.length
      return rows
    },
    events: [
      { ...asked, type: 'client.grant', user_id: null, target: secretId },
      { ...asked, type: 'api_key.exchange', user_id: userId, target: ofUser.id },
      { ...asked, type: 'api_key.exchange', user_id: null, target: ofClient.id },
    ],
  }
}

/** As many rows as patterns. */
function are(t: Test, rows: readonly object[], patterns: readonly object[], title: string): void {
  t.equal(rows.length, patterns.length, title)
  t.match(rows, patterns, title)
}

t.test('a grant of a machine is an event when its row is written', async t => {
  const { all, clock, events, fresh, revokeRole } = await stage(t, undefined)
  await all()
  are(t, fresh(), events, 'the rows start')
  for (const _ of [1, 2, 3]) await all()
  are(t, fresh(), [], 'they cover what comes after')
  // A lifetime of a key's token.
  clock.advance(300_001)
  await all()
  are(t, fresh(), events.slice(1), 'those of keys are written ahead by less')
  clock.advance(300_000)
  await all()
  are(t, fresh(), events.slice(0, 1), 'and that of the client')
  await revokeRole()
  fresh()
  await all()
  are(t, fresh(), events.slice(1, 2), 'a fresh index')
})

t.test('where every grant is audited each is an event, and writes nothing else', async t => {
  const { all, events, fresh } = await stage(t, auditsAll)
  for (const _ of [1, 2, 3]) {
    await all()
    are(t, fresh(), events, 'each')
  }
})
