/** The header in which a client says from where a person signs in: `clients add|update --forwards-address`. */
import t from 'tap'
import { commandLine, type Refused } from '../support/command-line.ts'
import { api } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

const add = (id: string, ...more: readonly string[]) => ['clients', 'add', ...more, '--', id]

/** Whoever asks, they are there, or say what anybody wrote. */
const proxyHeaders = [
  ...[
    'X-Forwarded-For',
    'x-forwarded-for',
    'Forwarded',
    'X-Real-IP',
    'X-Forwarded-Host',
    'X-Forwarded',
    'Forwarded-For',
  ],
  ...['True-Client-IP', 'X-Client-IP', 'Client-IP', 'X-Cluster-Client-IP', 'CF-Connecting-IP', 'Fastly-Client-IP'],
  ...['X-Original-Forwarded-For', 'X-Envoy-External-Address', 'X-Azure-ClientIP', 'Fly-Client-IP', 'Via', 'Host'],
  ...['X_Forwarded_For', 'Remote-Addr', 'WL-Proxy-Client-IP', 'Incap-Client-IP', 'Ali-CDN-Real-IP', 'X-ClientIP'],
]

t.test('a header that forwards an address is set, kept, and taken back', async t => {
  const { json, refuses } = await commandLine(t)
  const password = ['--grant', 'password', '--audience', 'imap', '--audience', api]
  t.match(await json(add('mail', ...password, '--forwards-address', 'X-Dovecot-Auth-Remote')), {
    audiences: ['imap', api],
    forwards_address: 'x-dovecot-auth-remote',
  })
  const update = (...words: string[]) => json(['clients', 'update', 'mail', ...words])
  t.equal((await update('--scope', 'posts:read')).forwards_address, 'x-dovecot-auth-remote', 'the rest is kept')
  await refuses([
    {
      words: ['clients', 'update', 'mail', '--grant', 'refresh_token'],
      code: 1,
      says: /or take forwards_address back/,
    },
  ])
  t.equal((await update('--grant', 'refresh_token', '--forwards-address', '')).forwards_address, null)
})

t.test('what is no header of its own is refused, and what may not forward an address', async t => {
  const { json, refuses } = await commandLine(t)
  const refused = (words: readonly string[], says: RegExp): Refused => ({ words, code: 1, says })
  await refuses([
    ...['x from', 'x-from:', 'ü', 'x'.repeat(65)].map(header =>
      refused(add('new', '--forwards-address', header), /^The header that forwards an address has/),
    ),
    ...proxyHeaders.map(header => refused(add('new', '--forwards-address', header), /^Proxies write this header/)),
    ...['Authorization', 'cookie', 'Content-Length', 'From', 'User-Agent', 'Accept', 'Sec-Fetch-Site', 'DPoP'].map(
      header => refused(add('new', '--forwards-address', header), /^This header says something else in HTTP/),
    ),
    refused(add('new', '--forwards-address', 'x-from'), /^An address is forwarded with the password grant alone/),
    {
      words: add('new', '--public', '--forwards-address', 'x-from'),
      code: 2,
      says: /^A public client forwards no address/,
    },
  ])
  t.strictSame(await json(['clients', 'list']), [])
})
