/** An OpenTelemetry collector, configured by the page, is sent logs. GO_VERIFIERS names the program of go-verifiers/, which is one. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { byTest, freePort, request, temporaryFolder } from '../support/serve.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { listens } from './listening.ts'
import { assertTakesRevokedKeyUntilAnotherComes, withVerified } from './verified.ts'

const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'hello' } }] }] }] }

async function withCollector(t: Test, change = (page: string): string => page) {
  const signet = await withVerified(t, { audience: 'https://telemetry.example.com' })
  const port = await freePort()
  const own = `127.0.0.1:${port}`
  const page = fileOnPage('opentelemetry', '/etc/otelcol/config.yaml')
  const values = {
    ...{ [ISSUER]: signet.service.issuer, '127.0.0.1:4318': own },
    '/etc/otelcol/authority.pem': signet.authorityFile,
    // Its own metrics are at a port that may be taken.
    'service:\n': 'service:\n  telemetry: { metrics: { level: none }, logs: { level: error } }\n',
  }
  const file = join(temporaryFolder(t), 'config.yaml')
  writeFileSync(file, change(placed(page, values)))
  const program = process.env['GO_VERIFIERS'] ?? 'go-verifiers'
  const collector = spawn(program, ['collector', '--config', file], { stdio: ['ignore', 'ignore', 'inherit'] })
  t.teardown(() => collector.kill('SIGKILL'))
  const send = (token?: string) => {
    const headers = {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
    return request(`http://${own}/v1/logs`, { body: JSON.stringify(logs), headers })
  }
  const statusOf = async (token?: string): Promise<number> => (await send(token)).status
  await listens(port)
  return { ...signet, send, statusOf }
}

test('the collector takes logs from who has a good token, also of a user who was disabled since', async t => {
  const { statusOf, token, service } = await withCollector(t)
  const good = await token()
  t.equal(await statusOf(good), 200)
  t.equal(await statusOf(), 401)
  await service.users.setStatus('alice', 'disabled', byTest)
  t.equal(await statusOf(good), 200)
})

test('the collector refuses what is no access token for it, or is expired, and says why', async t => {
  const { send, statusOf, token, wrong } = await withCollector(t)
  t.equal(await statusOf(await token()), 200)
  for (const [name, refused] of Object.entries(await wrong())) {
    const why = name === 'an expired token' ? /token is expired/ : /expected audience/
    t.match(await send(refused), { status: 401, body: { message: why } }, name)
  }
})

test('the collector takes a revoked key until one comes that it does not know', async t => {
  const collector = await withCollector(t)
  await assertTakesRevokedKeyUntilAnotherComes(t, collector, async token => (await collector.statusOf(token)) === 200)
})

test('a collector that ignores the audience takes the public status list for a token', async t => {
  const { statusOf, wrong } = await withCollector(t, page =>
    page.replace(/audience: .*/, 'ignore_audience: true').replace(/username_claim: .*/, ''),
  )
  t.equal(await statusOf((await wrong())['the status list']), 200)
})
