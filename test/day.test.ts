import t from 'tap'
import { run } from '../bench/day/run.ts'
import { environmentOf, temporaryFolder } from './support/serve.ts'

t.test('a day of sign-ins, refreshes and sign-outs leaves no more rows than what is alive', async t => {
  const report = await run({ share: 0.01, environment: await environmentOf(temporaryFolder(t)) })
  t.same(report.violations, [])
  t.ok(report.issued >= 10_000 && report.signedOut >= 3000, `${report.issued} tokens, ${report.signedOut} sign-outs`)
  t.ok(report.most.revocations > 0, 'something was revoked')
  t.equal(report.most.status_lists, 2, 'sessions that stayed were handed over to a second list')
  t.match(report.atTheEnd, { revocations: 0, status_lists: 1 }, 'and the first list is gone when nothing points to it')
  t.same(report.writtenByRefresh, { sessions: 1, audit_events: 1 }, 'a refresh writes one row and its audit event')
})
