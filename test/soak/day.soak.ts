/**
 * A day of simulated time over real HTTP, and the hours after it: of a million tokens and 300,000 people who sign out, the share that
 * is set, while the janitor sweeps every five minutes.
 */
import t from 'tap'
import { environmentOf, temporaryFolder } from '../support/serve.ts'
import { run } from './day/run.ts'
import { share } from './settings.ts'

t.test('a day of sign-ins, refreshes and sign-outs leaves no more rows than what is alive', async t => {
  const report = await run(t, { share, environment: await environmentOf(temporaryFolder(t)) })
  t.comment(`${report.issued} tokens, ${report.signedOut} sign-outs; rows at most: ${JSON.stringify(report.most)}`)
  t.same(report.violations, [])
  t.equal(report.signedOut, report.whoSignOut, 'everybody who wanted to has signed out')
  t.ok(report.issued >= 3 * report.signedOut, 'after a sign-in and two refreshes')
  t.ok(report.most.revocations > 0, 'something was revoked')
  t.equal(report.most.status_lists, 2, 'sessions that stayed were handed over to a second list')
  t.match(report.atTheEnd, { revocations: 0, status_lists: 1 }, 'and the first list is gone when nothing points to it')
  t.same(report.writtenByRefresh, { sessions: 1 }, 'a refresh writes one row')
})
