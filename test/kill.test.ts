import t from 'tap'
import { run } from '../bench/kill/run.ts'
import { environmentOf, temporaryFolder } from './support/serve.ts'

t.test('20 kills at random moments lose nothing that was acknowledged, and every client goes on', async t => {
  const environment = { ...(await environmentOf(temporaryFolder(t))), SIGNET_SESSION_LIMIT: '1000' }
  const { violations, acknowledged, repeated } = await run({ kills: 20, environment })
  t.same(violations, [])
  for (const [act, count] of Object.entries(acknowledged)) t.ok(count > 0, `${count} times ${act} was acknowledged`)
  t.ok(repeated.refresh > 0, `${repeated.refresh} refreshes were repeated because their answer was lost`)
})
