/** Dovecot 2.3 and 2.4 in their Debians, with the configuration of the page and as little as possible around it. */
import type { Test } from 'tap'
import { freePort } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { type Debian, inDebian } from './debian.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { isListening } from './listening.ts'
import type { Mail } from './mail.ts'

/** What the page calls the folder of Dovecot's configuration. */
const FOLDER = '/etc/dovecot/'

/** Nobody waits for a refusal, whoever is refused often does not wait for longer, and one machine has more than one address. */
const base = (folder: string, port: number) => `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = no
auth_failure_delay = 0
auth_verbose = yes
login_trusted_networks = 127.0.0.9
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
`

/** The mechanisms are those of Debian, which the page says others in the place of. */
const around = {
  12: 'disable_plaintext_auth = no\nauth_mechanisms = plain\nmail_location = maildir:~/Maildir\n',
  13: 'auth_allow_cleartext = yes\nauth_internal_failure_delay = 0\nmail_driver = maildir\nmail_path = ~/Maildir\n',
}
/** 2.4 wants these first. */
const versions = 'dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\n'

/** The files of the page for each version. */
const files = {
  12: ['conf.d/auth-signet.conf.ext', 'signet-password.conf.ext', 'signet-token.conf.ext'],
  13: ['conf.d/signet.conf.ext'],
}

/** A text of the page with what is here in the place of what the page names; not each of its files names all. */
function here(text: string, names: Readonly<Record<string, string>>): string {
  return placed(text, Object.fromEntries(Object.entries(names).filter(([before]) => text.includes(before))))
}

const namesOnPage = (debian: Debian, { url, clientSecret, authority }: Mail) => ({
  [FOLDER]: `${debian.folder}/`,
  [`https://mail:SECRET@${ISSUER.slice(8)}`]: `https://mail:${clientSecret}@${url.slice(8)}`,
  [ISSUER]: url,
  SECRET: clientSecret,
  '/etc/ssl/certs/ca-certificates.crt': debian.write('authority.pem', authority),
  // Nobody made a user for mail in these Debians.
  'uid=vmail gid=vmail': 'uid=nobody gid=nogroup',
  'uid = vmail': 'uid = nobody',
  'gid = vmail': 'gid = nogroup',
  '/var/vmail/': `${debian.folder}/mail/`,
})

interface Options {
  /** Others than those that the page has for this version. */
  readonly files?: readonly string[]
  /** More files of the page, that are read after those. */
  readonly also?: readonly string[]
  /** What a test says differently: settings behind those of the page. */
  readonly more?: string
  /** What stands in a file of the page in the place of `text`. */
  readonly changed?: (name: string, text: string, folder: string) => string
}

/** Starts it, and answers when it takes connections. */
export async function startDovecot(t: Test, mail: Mail, release: 12 | 13, options: Options = {}) {
  const [debian, port] = [inDebian(t, release), await freePort()]
  const { folder } = debian
  const names = namesOnPage(debian, mail)
  const [first = '', ...others] = options.files ?? files[release]
  const textOf = (name: string) => {
    const text = here(fileOnPage('dovecot', FOLDER + name), names)
    return options.changed?.(name, text, folder) ?? text
  }
  const write = (name: string) => debian.write(name, textOf(name))
  for (const name of others) write(name)
  await debian.run('install', ['-d', '-m', '777', `${folder}/mail`])
  const include = [first, ...(options.also ?? [])].map(name => `!include ${write(name)}\n`).join('')
  const text = [release === 13 ? versions : '', around[release], base(folder, port), include, options.more ?? '']
  const configuration = debian.write('dovecot.conf', text.join(''))
  const server = debian.start('dovecot', ['-F', '-c', configuration])
  // Why a mail server refuses is in its log alone.
  t.teardown(() => t.passing() || t.comment(server.output()))
  await until(async () => {
    if (server.output().includes('Fatal')) throw new Error(server.output())
    return isListening(port)
  })
  return {
    ...server,
    debian,
    port,
    async doveadm(words: readonly string[]): Promise<void> {
      const { code, output } = await debian.run('doveadm', ['-c', configuration, ...words])
      if (code !== 0) throw new Error(output)
    },
  }
}

export type Dovecot = Awaited<ReturnType<typeof startDovecot>>
