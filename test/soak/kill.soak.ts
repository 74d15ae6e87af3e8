/** kill -9 at random moments, while clients sign in, refresh and revoke. */
import t from 'tap'
import { environmentOf, temporaryFolder } from '../support/serve.ts'
import { run } from './kill/run.ts'
import { kills } from './settings.ts'

t.test('kills at random moments lose nothing that was acknowledged, and every client goes on', async t => {
  const environment = {
    ...(await environmentOf(temporaryFolder(t))),
    SIGNET_SESSION_LIMIT: '1000',
    // Within it a service that was killed has to be there again.
    SIGNET_REFRESH_GRACE: '60s',
  }
  const report = await run({ kills, environment })
  const list = (counts: object) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')
  t.comment(`${report.kills} kills; acknowledged: ${list(report.acknowledged)}; repeated: ${list(report.repeated)}`)
  t.comment(`back after ${(report.longestOutageMs / 1000).toFixed(1)} s at the latest`)
  t.same(report.violations, [])
  t.ok(report.sawEverything, 'every act was acknowledged, and a refresh was repeated because its answer was lost')
})
