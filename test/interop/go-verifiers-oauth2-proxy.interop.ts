/** oauth2-proxy, configured by the page, before a service. OAUTH2_PROXY names it. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { byTest, freePort, request, temporaryFolder } from '../support/serve.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { listens } from './listening.ts'
import { assertTakesRevokedKeyUntilAnotherComes, withVerified } from './verified.ts'

/** What a service is told of a user. */
const told = ['x-forwarded-user', 'x-forwarded-email', 'x-forwarded-groups']

async function startService(t: Test): Promise<string> {
  const service = createServer(({ headers }, answer) => answer.end(JSON.stringify(told.map(name => headers[name]))))
  await new Promise<void>(resolve => service.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void service.close().closeAllConnections())
  return `127.0.0.1:${(service.address() as AddressInfo).port}`
}

async function withOAuth2Proxy(t: Test) {
  const signet = await withVerified(t)
  const port = await freePort()
  const own = `127.0.0.1:${port}`
  const values = { [ISSUER]: signet.service.issuer, '127.0.0.1:4180': own, '127.0.0.1:8080': await startService(t) }
  const file = join(temporaryFolder(t), 'oauth2-proxy.cfg')
  writeFileSync(file, placed(fileOnPage('oauth2-proxy', '/etc/oauth2-proxy.cfg'), values))
  const proxy = spawn(process.env['OAUTH2_PROXY'] ?? 'oauth2-proxy', ['--config', file], {
    stdio: 'ignore',
    env: { ...process.env, SSL_CERT_FILE: signet.authorityFile },
  })
  t.teardown(() => proxy.kill('SIGKILL'))
  /** Asks as somebody who claims to be root. */
  const ask = (token?: string, path = '/') => {
    const claimed = Object.fromEntries(told.map(name => [name, 'root']))
    const headers = { ...claimed, ...(token !== undefined && { authorization: `Bearer ${token}` }) }
    return request(`http://${own}${path}`, { headers })
  }
  const statusOf = async (token?: string, path?: string): Promise<number> => (await ask(token, path)).status
  await listens(port)
  return { ...signet, ask, statusOf }
}

test('oauth2-proxy tells the service the sub as user and e-mail, and the roles as groups', async t => {
  const { ask, statusOf, token, alice, service } = await withOAuth2Proxy(t)
  const good = await token()
  t.match(await ask(good), { status: 200, body: [alice.userId, alice.userId, 'editor'] })
  t.equal(await statusOf(good, '/oauth2/auth'), 202)
  t.equal(await statusOf(), 401)
  await service.users.setStatus('alice', 'disabled', byTest)
  t.equal(await statusOf(good), 200, 'until it expires')
})

test('oauth2-proxy answers 403 to what is no access token for the service, or is expired', async t => {
  const { statusOf, token, wrong } = await withOAuth2Proxy(t)
  t.equal(await statusOf(await token()), 200)
  for (const [name, refused] of Object.entries(await wrong())) t.equal(await statusOf(refused), 403, name)
})

test('oauth2-proxy refuses who has none of the groups', async t => {
  const { statusOf, token, service } = await withOAuth2Proxy(t)
  await service.roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)
  await service.roles.grant('reader', 'alice', byTest)
  await service.roles.revoke('editor', 'alice', byTest)
  t.equal(await statusOf(await token()), 403)
})

test('oauth2-proxy takes a revoked key until one comes that it does not know', async t => {
  const proxy = await withOAuth2Proxy(t)
  await assertTakesRevokedKeyUntilAnotherComes(t, proxy, async token => (await proxy.statusOf(token)) === 200)
})
