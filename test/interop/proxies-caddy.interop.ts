/** Caddy of Debian 12 asks a service that verifies with @signet/verifier. DEBIAN_12 names the folder. */
import { spawn } from 'node:child_process'
import { type Test, test } from 'tap'
import { checkout } from '../support/deployment.ts'
import { byTest, freePort } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { ISSUER, placed } from './integration-pages.ts'
import { assertLetsInOnlyGoodTokens, onPage, withProxy } from './proxies.ts'

async function withCaddy(t: Test) {
  const proxy = await withProxy(t)
  const { debian, signet, own, service } = proxy
  const port = String(await freePort())
  const code = placed(onPage('signet-auth.mjs'), { [ISSUER]: signet.service.issuer, 'port: 8090': `port: ${port}` })
  // Packages are found from the folder where it starts.
  const guard = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: checkout,
    env: { ...process.env, NODE_EXTRA_CA_CERTS: signet.authorityFile },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  t.teardown(() => guard.kill('SIGKILL'))
  const values = { ':8000': `http://${own}`, '127.0.0.1:8090': `127.0.0.1:${port}`, '127.0.0.1:8080': service }
  const file = debian.write('Caddyfile', placed(onPage('/etc/caddy/Caddyfile'), values))
  debian.start('env', [`HOME=${debian.folder}`, 'caddy', 'run', '--adapter', 'caddyfile', '--config', file])
  await proxy.isThere()
  const good = await signet.token()
  await until(async () => (await proxy.statusOf(good)) === 200)
  return proxy
}

test('Caddy lets in who has a good token', async t => {
  await assertLetsInOnlyGoodTokens(t, await withCaddy(t))
})

test('Caddy refuses within seconds a token whose session has ended, and one whose key was revoked', async t => {
  const { signet, statusOf } = await withCaddy(t)
  const good = await signet.token()
  await signet.rotate()
  t.equal(await statusOf(await signet.token()), 200)
  const stolen = await signet.token()
  await signet.revokeActive()
  await until(async () => (await statusOf(stolen)) === 401)
  t.equal(await statusOf(good), 200)
  await signet.service.users.setStatus('alice', 'disabled', byTest)
  await until(async () => (await statusOf(good)) === 401)
})
