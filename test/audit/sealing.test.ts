/** What was audited is sealed beside requests, and the seals can be verified. */
import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import { scene } from '../support/scene.ts'
import { signIn } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

t.test('what happens is sealed within a second, and verify is content', async t => {
  const { service, clock } = await scene(t, { seals: true })
  await signIn(service)
  await until(async () => select(service.databaseFile, 'select id from audit_events where seal is null').length === 0)
  const { json } = await commandLine(t, service.environment, clock)
  const verdict = await json(['audit', 'verify'])
  t.match(verdict, { ok: true, problems: [], unsealed_events: 0, head: /^\d+:/ })
})
