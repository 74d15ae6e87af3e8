/** Two runbooks of docs/runbooks.md, followed command by command: what they promise is so. The soak follows the others. */
import t from 'tap'
import { worksAt } from './support/restore.ts'
import { blocksOf, running, terminalIn } from './support/runbooks.ts'
import { keyIn, publishedBy, signingKidOf } from './support/signing-keys.ts'

// Each has a service of its own.
t.jobs = 2

t.test('Daily check: it is content with a healthy service', async t => {
  const { service } = await running(t)
  const [look = '', ...more] = blocksOf('daily-check')
  t.strictSame(more, [])
  const says = await (await terminalIn(t, service.folder))(look)
  t.match(says, keyIn(service, 'active').kid)
  t.match(says, /^ok +restore$/m)
})

t.test('One key is stolen: it is gone, the standby signs, and sessions go on', async t => {
  const { service, before } = await running(t)
  const [KID, standby] = [keyIn(service, 'active').kid, keyIn(service, 'pending').kid]
  const [revoke = '', look = '', ...more] = blocksOf('one-key-stolen')
  t.strictSame(more, [])
  const terminal = await terminalIn(t, service.folder, { KID })
  const says = await terminal(revoke)
  t.match(says, `Revoked ${KID}\nThis ends the access tokens of 1 session;`)
  await service.tick()
  await terminal(look)
  t.notOk((await publishedBy(service)).includes(KID))
  t.equal(await signingKidOf(service), standby)
  t.strictSame(await worksAt(service, before), ['introspection of the refresh token', 'refresh'])
})
