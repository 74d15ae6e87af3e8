/** What balancers and orchestrators in front rely on: a health check on the public port, time to be taken out, connections that stay. */
import { test } from 'tap'
import { signet } from '../support/command-line.ts'
import { isError } from '../support/error-shape.ts'
import { createHold } from '../support/hold.ts'
import { linesSaying } from '../support/log.ts'
import { spawnService } from '../support/process.ts'
import { exchange, open } from '../support/raw-http.ts'
import { addAlice, request, serve, signIn, temporaryFolder } from '../support/serve.ts'
import { notOnPostgres } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'

const unavailable = [503, 'temporarily_unavailable'] as const
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: signet.test\r\n\r\n`

test('the public port says that it serves, and no more', async t => {
  const service = await serve(t)
  const answer = await service.get('/healthz')
  t.equal(answer.status, 200)
  t.same(answer.body, { status: 'ok' })
  t.equal(answer.headers.get('cache-control'), 'no-store')
  t.equal((await service.get('/healthz', { method: 'HEAD' })).status, 200)
  isError(t, await service.get('/healthz', { method: 'POST' }), [405, 'method_not_allowed'])
  isError(t, await service.get('/healthz/'), [404, 'not_found'])
})

test('with a path in the issuer the health is under it, and where it is without one', async t => {
  const service = await serve(t, { environment: { SIGNET_ISSUER: 'https://example.com/login' } })
  const port = `http://127.0.0.1:${service.config.port}`
  for (const path of ['/login/healthz', '/healthz']) t.equal((await request(port + path)).status, 200, path)
})

// On PostgreSQL, where it can really go, /livez and /readyz are tried in test/storage/postgres-outages.test.ts.
const skip = notOnPostgres('a server that hangs is a case of its own')
test('a service without its database serves its documents, and is not taken out for it', { skip }, async t => {
  const service = await serve(t)
  await service.container.close()
  isError(t, await request(`${service.management}/readyz`), unavailable)
  for (const path of ['/healthz', '/.well-known/jwks.json']) t.equal((await service.get(path)).status, 200, path)
})

test('after the first signal a service goes on for the delay, and says meanwhile that it is not ready', async t => {
  const hold = createHold()
  hold.close()
  const pauses: number[] = []
  const pause = async (milliseconds: number) => {
    pauses.push(milliseconds)
    await hold.pass(async () => {})
  }
  const service = await serve(t, { pause, environment: { SIGNET_SHUTDOWN_DELAY: '15s' } })
  await addAlice(service)
  t.teardown(hold.open)
  const stopped = service.stop()
  await hold.waiting(1)
  t.same(pauses, [15_000])
  for (const url of [`${service.management}/readyz`, `${service.issuer}/healthz`])
    isError(t, await request(url), unavailable)
  t.equal((await request(`${service.management}/livez`)).status, 200)
  t.equal((await signIn(service)).status, 200)
  const { headers } = await exchange(service.issuer, get('/.well-known/jwks.json'))
  t.equal(headers['connection'], 'keep-alive', 'who is connected is not sent away yet')
  // What runs beside requests runs on: a key that is revoked by a command leaves the JWKS.
  const kidsNow = async () =>
    (await service.get('/.well-known/jwks.json')).body.keys.map((key: { kid: string }) => key.kid)
  const [revoked] = await kidsNow()
  const { code, stderr } = await signet(service.environment, ['keys', 'revoke', revoked, '--reason', 'test'])
  t.equal(code, 0, stderr)
  await until(async () => !(await kidsNow()).includes(revoked))
  hold.open()
  await stopped
  await t.rejects(request(`${service.issuer}/healthz`))
  t.same(linesSaying(service, 'temporarily_unavailable'), [], 'what was asked for is no error')
})

test('without a delay nothing waits', async t => {
  const service = await serve(t, { pause: () => Promise.reject(new Error('there was a pause')) })
  await service.stop()
  await t.rejects(request(`${service.issuer}/healthz`))
})

test('a second signal ends the delay, and the process with it', async t => {
  const service = await spawnService(t, temporaryFolder(t), { SIGNET_SHUTDOWN_DELAY: '10m' })
  const exit = service.stop()
  while ((await request(`${service.management}/readyz`)).status === 200);
  t.equal((await request(`${service.issuer}/.well-known/jwks.json`)).status, 200)
  service.stop('SIGTERM')
  t.equal(await exit, null)
})

test('a connection that is idle is kept for 75 s, or as long as the operator says', async t => {
  const service = await serve(t)
  t.equal((await exchange(service.issuer, get('/healthz'))).headers['keep-alive'], 'timeout=75')
  const brief = await serve(t, { environment: { SIGNET_KEEP_ALIVE: '1s' } })
  for (const url of [brief.issuer, brief.management]) {
    const connection = await open(url)
    t.teardown(connection.drop)
    connection.send(get('/none'))
    t.equal((await connection.answer()).headers['keep-alive'], 'timeout=1')
    await connection.ended
  }
})
