import { type Test, test } from 'tap'
import { signetProcess, spawnService } from '../support/process.ts'
import { open } from '../support/raw-http.ts'
import { api, environmentOf, password, request, temporaryFolder } from '../support/serve.ts'

/** A service in a process of its own, with alice and the public client spa. */
async function withAlice(t: Test) {
  const service = await spawnService(t, temporaryFolder(t))
  await service.prepare(['users', 'add', 'alice', '--password-stdin'], password)
  await service.prepare(['clients', 'add', 'spa', '--public', '--grant', 'password', '--audience', api])
  return service
}

const form = new URLSearchParams({ grant_type: 'password', client_id: 'spa', username: 'alice', password }).toString()
const head =
  'POST /oauth/token HTTP/1.1\r\nHost: signet.test\r\nExpect: 100-continue\r\n' +
  `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n`

/** Resolves when the public port takes no connection any more, which is how a shutdown shows from outside. */
async function closed(url: string): Promise<void> {
  while (
    await fetch(url).then(
      () => true,
      () => false,
    )
  );
}

for (const signal of ['SIGTERM', 'SIGQUIT'] as const) {
  test(`${signal} lets a request that is half sent finish, tells /readyz before, and exits 0`, async t => {
    const service = await withAlice(t)
    const connection = await open(service.issuer)
    t.teardown(connection.drop)
    connection.send(head + form.slice(0, 20))
    // 100 Continue: the request has begun.
    await connection.more()
    const exit = service.stop(signal)
    await closed(service.issuer)
    t.equal((await request(`${service.management}/readyz`)).status, 503)
    t.equal((await request(`${service.management}/livez`)).status, 200)
    connection.send(form.slice(20))
    const answer = await connection.answer('POST')
    t.equal(answer.status, 200)
    t.ok(JSON.parse(answer.text).access_token)
    t.equal(answer.headers['connection'], 'close')
    t.equal(await exit, 0)
    t.match(service.log(), '"route":"/oauth/token","status":200')
  })
}

test('SIGINT ends a service that still waits for a request after SIGHUP', async t => {
  const service = await spawnService(t, temporaryFolder(t))
  const connection = await open(service.issuer)
  t.teardown(connection.drop)
  connection.send(head + form.slice(0, 20))
  await connection.more()
  const exit = service.stop('SIGHUP')
  await closed(service.issuer)
  t.equal((await request(`${service.management}/livez`)).status, 200)
  service.stop('SIGINT')
  t.equal(await exit, null)
})

test('connections on which nothing is asked do not delay the exit', async t => {
  const service = await spawnService(t, temporaryFolder(t))
  const [silent, idle] = [await open(service.issuer), await open(service.management)]
  t.teardown(silent.drop)
  t.teardown(idle.drop)
  idle.send('GET /livez HTTP/1.1\r\nHost: signet.test\r\n\r\n')
  t.equal((await idle.answer()).status, 200)
  const begun = performance.now()
  t.equal(await service.stop(), 0)
  t.ok(performance.now() - begun < 10_000)
})

test('a second start on a taken port says which one, exits 1, and leaves the first one alone', async t => {
  const service = await spawnService(t, temporaryFolder(t))
  const other = await environmentOf(temporaryFolder(t))
  for (const name of ['SIGNET_PORT', 'SIGNET_MANAGEMENT_PORT']) {
    const port = String(service.environment[name])
    const { code, stdout, stderr } = await signetProcess({ ...other, [name]: port }, ['serve'])
    t.equal(code, 1)
    t.match(stderr, `Can't listen on 127.0.0.1, port ${port}: another process listens there.`)
    t.notMatch(stdout, '"serving"')
  }
  t.equal((await request(`${service.management}/readyz`)).status, 200)
})
