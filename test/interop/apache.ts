/** Apache of Debian 12 before a service, with the files of the page about proxies. DEBIAN_12 names the folder. */
import type { Test } from 'tap'
import { byTest } from '../support/serve.ts'
import type { BehindProxy } from './proxies.ts'

const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'headers', 'proxy', 'proxy_http']

/** What a2enmod and apache2.conf do. */
const around = ({ debian, own }: BehindProxy, more: readonly string[]): string =>
  [
    ...[...modules, ...more].map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    ...['ServerName localhost', `Listen ${own}`, 'User www-data', 'ErrorLog "|/bin/cat"'],
    ...[`ServerRoot ${debian.folder}`, `DefaultRuntimeDir ${debian.folder}`, `PidFile ${debian.folder}/pid`, ''],
  ].join('\n')

/** Starts it with more modules, and with this in its configuration. */
export async function startApache(proxy: BehindProxy, more: readonly string[], text: string): Promise<void> {
  const { debian, isThere } = proxy
  const { output } = debian.start('apache2', [
    '-DFOREGROUND',
    '-f',
    debian.write('apache.conf', around(proxy, more) + text),
  ])
  await isThere().catch(error => {
    throw new Error(output(), { cause: error })
  })
}

/** What holds for whoever asks Signet each time. */
export async function assertRefusesAtOnce(t: Test, { signet, statusOf }: BehindProxy) {
  const good = await signet.token()
  await signet.rotate()
  t.equal(await statusOf(good), 200)
  const stolen = await signet.token()
  t.equal(await statusOf(stolen), 200)
  await signet.revokeActive()
  t.equal(await statusOf(stolen), 401)
  await signet.service.users.setStatus('alice', 'disabled', byTest)
  t.equal(await statusOf(good), 401)
  await signet.service.stop()
  t.equal(await statusOf(good), 401, 'as for a bad token, when Signet is away')
}

/** What holds for whoever has the key set. */
export async function assertFetchesKeysForUnknownOnes(t: Test, { signet, statusOf }: BehindProxy) {
  const stolen = await signet.token()
  t.equal(await statusOf(stolen), 200)
  await signet.revokeActive()
  t.equal(await statusOf(await signet.token()), 200)
  t.equal(await statusOf(stolen), 200)
  t.equal(signet.fetches(), 1)
  await signet.rotationThatFollows()
  const next = await signet.token()
  t.equal(await statusOf(next), 200)
  t.equal(await statusOf(stolen), 401)
  t.equal(signet.fetches(), 3, 'each token of a key that is not known leads to one')
  await signet.service.stop()
  t.equal(await statusOf(next), 200, 'also when Signet is away')
}
