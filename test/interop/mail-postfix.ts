/** Postfix beside a Dovecot in the same Debian, with the configuration of its page. */
import type { Test } from 'tap'
import { authority } from '../support/certificates.ts'
import { freePort } from '../support/serve.ts'
import { inDebian } from './debian.ts'
import { fileOnPage, placed } from './integration-pages.ts'
import { listens } from './listening.ts'
import type { Mail } from './mail.ts'
import { startDovecot } from './mail-dovecot.ts'

/** What a Postfix has that is one of several on its machine, and knows no names of others. */
const main = (folder: string) => `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file_prefixes = /tmp
maillog_file = ${folder}/log
inet_interfaces = 127.0.0.1
myhostname = mail.example.com
mydestination = localhost
mynetworks =
alias_maps =
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.9
`

/** Those of Debian's services that smtpd speaks to. */
const services = `tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
proxymap  unix  -       -       n       -       -       proxymap
anvil     unix  -       -       n       -       1       anvil
cleanup   unix  n       -       n       -       0       cleanup
postlog   unix-dgram n  -       n       -       1       postlogd
`

/** Starts both, and answers when Postfix takes connections. */
export async function startPostfix(t: Test, mail: Mail, release: 12 | 13) {
  const [debian, port] = [inDebian(t, release), await freePort()]
  const { folder } = debian
  const { certificate, key } = authority('mail').issue('localhost')
  const own = placed(fileOnPage('postfix', '/etc/postfix/main.cf'), {
    '/etc/ssl/mail.example.com.pem': debian.write('certificate.pem', certificate),
    '/etc/ssl/private/mail.example.com.key': debian.write('key.pem', key, 0o600),
  })
  const submissions = placed(fileOnPage('postfix', '/etc/postfix/master.cf'), { 'submissions inet': `${port} inet` })
  debian.write('main.cf', main(folder) + own)
  debian.write('master.cf', services + submissions)
  for (const name of ['queue', 'data']) await debian.run('install', ['-d', `${folder}/${name}`])
  await debian.run('chown', ['postfix', `${folder}/data`])
  const { code, output } = await debian.run('postfix', ['-c', folder, 'check'])
  if (code !== 0) throw new Error(output)

  const listener = { '/var/spool/postfix/': `${folder}/queue/` }
  const more = placed(fileOnPage('postfix', '/etc/dovecot/conf.d/auth-postfix.conf'), listener)
  const dovecot = await startDovecot(t, mail, release, { more })
  debian.start('/usr/lib/postfix/sbin/master', ['-c', folder, '-d'])
  await listens(port)
  return { dovecot, port }
}
