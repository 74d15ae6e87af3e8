/** HAProxy of Debian 12 verifies tokens by itself, with the keys that a script writes for it. DEBIAN_12 names the folder. */
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { type Test, test } from 'tap'
import { until } from '../support/status-list.ts'
import { ISSUER, placed } from './integration-pages.ts'
import { assertLetsInOnlyGoodTokens, onPage, withProxy } from './proxies.ts'

async function withHaproxy(t: Test) {
  const proxy = await withProxy(t)
  const { debian, signet, own, service, authorityFile } = proxy
  const script = debian.write('signet-haproxy-keys', onPage('/usr/local/sbin/signet-haproxy-keys'), 0o755)
  const folder = debian.write('keys/.keep', '').replace('/.keep', '')
  /** @returns what the command to load them printed: nothing when there is nothing to load */
  const writeKeys = async (): Promise<string> => {
    const words = [`SSL_CERT_FILE=${authorityFile}`, script, signet.service.issuer, folder, 'echo', 'other keys']
    const { code, output } = await debian.run('env', words)
    if (code !== 0) throw new Error(output)
    return output
  }
  await writeKeys()
  const values = { [ISSUER]: signet.service.issuer, 'bind :8000': `bind ${own}`, '127.0.0.1:8080': service }
  const file = debian.write('haproxy.cfg', placed(onPage('/etc/haproxy/haproxy.cfg'), values))
  const { signal } = debian.start('haproxy', ['-W', '-db', '-f', `${folder}/keys.cfg`, '-f', file])
  await proxy.isThere()
  return { ...proxy, writeKeys, reload: () => signal('SIGUSR2') }
}

test('HAProxy lets in who has a good token, and only one', async t => {
  const proxy = await withHaproxy(t)
  await assertLetsInOnlyGoodTokens(t, proxy)
  const good = `Bearer ${await proxy.signet.token()}`
  const twice = httpRequest(`http://${proxy.own}/`, {
    headers: ['Host', proxy.own, 'Authorization', good, 'Authorization', good],
  })
  const [answer] = await once(twice.end(), 'response')
  answer.resume()
  t.equal(answer.statusCode, 400)
})

test('HAProxy knows the key that comes next, and refuses a revoked one when the script has run and it was reloaded', async t => {
  const { signet, statusOf, writeKeys, reload } = await withHaproxy(t)
  t.equal(await writeKeys(), '', 'there is nothing to load')
  const stolen = await signet.token()
  await signet.revokeActive()
  t.equal(await statusOf(await signet.token()), 200, 'the standby was in the configuration')
  t.equal(await statusOf(stolen), 200)
  t.equal(await writeKeys(), 'other keys\n')
  reload()
  await until(async () => (await statusOf(stolen)) === 401)
  t.equal(await statusOf(await signet.token()), 200)
})
