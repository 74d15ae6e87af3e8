/** Apache of Debian 12 before a service, with the files of the page about proxies. DEBIAN_12 names the folder. */
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
