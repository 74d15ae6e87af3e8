import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import { attempt, countersOf, guessingAtAlice, right, untilThrottled } from '../support/guessing.ts'
import { byTest, password } from '../support/serve.ts'
import { auditOf } from '../support/sqlite.ts'

t.jobs = 2

t.test('unlock forgets what is counted of an account, beside a running service, and of no other', async t => {
  const { service } = await guessingAtAlice(t)
  await service.users.add({ username: 'bob', password, roles: [] }, byTest)
  const { json } = await commandLine(t, service.environment)
  const [here, there] = [{ address: '192.0.2.1' }, { address: '198.51.100.1' }]
  await untilThrottled(service, here)
  await untilThrottled(service, there)
  await untilThrottled(service, { isConfidential: true })
  await untilThrottled(service, { username: 'bob' })
  t.match(await json(['users', 'unlock', 'ALICE']), { username: 'alice', user_id: /^user_/ })

  t.equal((await right(service, here)).status, 200)
  t.equal((await right(service, there)).status, 200)
  t.equal((await right(service, { isConfidential: true })).status, 200)
  t.equal((await attempt(service, { username: 'bob', password })).status, 429)
  t.ok(auditOf(service.databaseFile).includes('user.unlock success'))
})

t.test('unlock forgets the slow counter of an account, and leaves the networks their own', async t => {
  const { service } = await guessingAtAlice(t)
  const { text, refuses } = await commandLine(t, service.environment)
  for (let network = 0; network < 10; network += 1) await untilThrottled(service, { address: `10.0.${network}.1` })
  t.equal((await right(service, { address: '192.0.2.1' })).status, 429)
  t.equal(await text(['users', 'unlock', 'alice']), 'alice can try again\n')
  t.equal((await right(service, { address: '192.0.2.1' })).status, 200)
  t.equal(countersOf(service).filter(({ key }) => key.startsWith('network:')).length, 10)
  await refuses([{ words: ['users', 'unlock', 'nobody'], code: 1, says: /There is no such user/ }])
})
