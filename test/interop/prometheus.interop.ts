/** promtool, which PROMTOOL names, takes what a service tells, the alert rules with their tests, and each query of the dashboard. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { scrape } from '../support/metrics.ts'
import { queries, rulesFile, testsOfRules } from '../support/monitoring.ts'
import { addAlice, refresh, serve, signIn, temporaryFolder } from '../support/serve.ts'

/** Fails with what it says. */
function promtool(t: Test, words: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(process.env['PROMTOOL'] ?? 'promtool', words, {
    input,
    encoding: 'utf8',
  })
  t.equal(status, 0, `${words.slice(0, 2).join(' ')}: ${stdout}${stderr}`)
  return stdout + stderr
}

test('promtool finds nothing to mend in what a service tells that was used', async t => {
  const service = await serve(t)
  await addAlice(service)
  const { body } = await signIn(service)
  await signIn(service, { password: 'wrong' })
  const { body: next } = await refresh(service, body.refresh_token)
  await refresh(service, next.refresh_token)
  await refresh(service, body.refresh_token)
  const text = await scrape(service)
  t.match(text, 'signet_revocations_total 1')
  t.equal(promtool(t, ['check', 'metrics'], text), '')
})

test('the alert rules are good, and fire when they should and only then', async t => {
  t.match(promtool(t, ['check', 'rules', rulesFile]), 'SUCCESS: 18 rules found')
  t.match(promtool(t, ['test', 'rules', testsOfRules]), 'SUCCESS')
})

test('every query of the dashboard is one', async t => {
  t.ok(queries().length > 40)
  const file = join(temporaryFolder(t), 'queries.yaml')
  const recorded = queries().map((expr, index) => ({ record: `query:${index}`, expr }))
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }))
  promtool(t, ['check', 'rules', file])
})
