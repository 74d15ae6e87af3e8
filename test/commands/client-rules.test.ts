/** What may be entered for a client: its id, its secrets, and what only a client that proves who it is may have. */
import { hash } from 'node:crypto'
import t from 'tap'
import { commandLine, type Refused } from '../support/command-line.ts'
import { api, secret, serve } from '../support/serve.ts'
import { change } from '../support/sqlite.ts'

const add = (id: string, ...more: readonly string[]) => ['clients', 'add', ...more, '--', id]
const refused = (words: readonly string[], says: RegExp, input?: string): Refused => ({
  ...{ words, code: 1, says },
  ...(input !== undefined && { input }),
})
const misused = (words: readonly string[], says: RegExp): Refused => ({ words, code: 2, says })

const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** From before there were rules. */
const weak = 'weak'
const machine = ['--grant', 'client_credentials', '--audience', api]

t.test('a client id has 1 to 64 printable ASCII characters without space, %, + and colon', async t => {
  const { json, refuses } = await commandLine(t)
  const says = /^A client id has 1 to 64 printable ASCII characters without space, %, \+ and colon\.\n$/
  const bad = ['', ' ', 'two words', 'a%b', 'c++', 'a:b', 'x'.repeat(65), 'ä', 'a\tb', 'a\x7f']
  await refuses(bad.map(id => refused(add(id), says)))
  const good = ['x', 'x'.repeat(64), '!"#$&\'()*,-./;<=>?@[\\]^_`{|}~', '--help']
  for (const id of good) {
    await json(add(id))
    t.equal((await json(['clients', 'show', '--', id])).client_id, id)
  }
  t.equal((await json(['clients', 'list'])).length, good.length)
})

t.test('a client secret has 32 to 256 printable ASCII characters, at least 10 of them different', async t => {
  const { json, refuses } = await commandLine(t)
  await json(add('there'))
  const says = /^A client secret has 32 to 256 printable ASCII characters, at least 10 of them different\.\n$/
  const bad = [
    ...['', 'x'.repeat(32), '123456789'.repeat(4), '123456789'.repeat(28), 'changeme'.repeat(4)],
    ...[secret.slice(0, 31), `${secret.repeat(5)}${'x'.repeat(257)}`.slice(0, 257)],
    ...[`${secret}ä`, `${secret}\t`, `${secret}\0`],
  ]
  await refuses(
    bad.flatMap(given => [
      refused(add('new', '--secret-stdin'), says, given),
      refused(['clients', 'add-secret', 'there', '--secret-stdin'], says, given),
    ]),
  )
  t.equal((await json(['clients', 'list'])).length, 1)
  t.equal((await json(['clients', 'show', 'there'])).secrets.length, 1)
  const good = [
    '0123456789'.repeat(4).slice(0, 32),
    `${secret.repeat(6)}`.slice(0, 256),
    `${secret}\n`,
    `% + : ${secret}`,
  ]
  for (const [index, given] of good.entries()) {
    await json(add(`given-${index}`, '--secret-stdin'), given)
    await json(['clients', 'add-secret', 'there', '--secret-stdin'], given)
  }
})

t.test('a client and a secret from before these rules go on, and can be looked at, changed and ended', async t => {
  const service = await serve(t)
  const { json } = await commandLine(t, service.environment)
  const { id } = await json(add('older', '--secret-stdin'), secret)
  change(service.databaseFile, 'update clients set client_id = ? where id = ?', 'c++ : 100%', id)
  change(
    service.databaseFile,
    'update credentials set hash = ? where owner_id = ?',
    hash('sha256', weak, 'base64url'),
    id,
  )
  const proves = async () => {
    const { body } = await service.token({ grant_type: 'none-such' }, { client: ['c++ : 100%', weak] })
    return body.error === 'unsupported_grant_type'
  }
  t.ok(await proves())
  t.equal((await json(['clients', 'show', 'c++ : 100%'])).id, id)
  await json(['clients', 'update', 'c++ : 100%', '--introspect', api])
  await json(['clients', 'add-secret', 'c++ : 100%'])
  await json(['clients', 'disable', 'c++ : 100%'])
  await json(['clients', 'enable', 'c++ : 100%'])
  t.ok(await proves())
  await json(['clients', 'delete', 'c++ : 100%'])
  t.notOk(await proves())
})

t.test('a public client has no secret, introspection right or client_credentials, when added or later', async t => {
  const { json, refuses } = await commandLine(t)
  const settings = ['--grant', 'password', '--grant', tokenExchange, '--audience', api, '--introspect', '']
  t.match(await json(add('spa', '--public', ...settings)), { public: true, grants: ['password', tokenExchange] })
  const before = await json(['clients', 'list'])
  const update = (...more: readonly string[]) => ['clients', 'update', 'spa', ...more]
  const noIntrospection = /^A public client may not introspect: it can prove nothing, so anybody could\.\n$/
  const noCredentials =
    /^A public client has no client_credentials: it can prove nothing, so anybody would get its tokens\.\n$/
  await refuses([
    misused(add('new', '--public', '--secret-stdin'), /^A public client has no secret: leave out --secret-stdin\.\n$/),
    misused(add('new', '--public', '--introspect', api), noIntrospection),
    misused(add('new', '--public', ...machine), noCredentials),
    misused(add('new', '--public', '--grant', 'password', ...machine), noCredentials),
    refused(update('--introspect', api), noIntrospection),
    refused(update(...machine), noCredentials),
    refused(update('--scope', 'posts:read', '--grant', 'client_credentials'), noCredentials),
    refused(['clients', 'add-secret', 'spa'], /^A public client has no secret\.\n$/),
    ...['--public', '--confidential', '--no-public'].map(flag => misused(update(flag), /unknown option/)),
  ])
  t.strictSame(await json(['clients', 'list']), before, 'what was refused changed nothing')
  await json(update('--scope', 'posts:read', '--introspect', ''))
})

t.test('a public client that may introspect, from before there was this rule, is changed as any other', async t => {
  const service = await serve(t)
  const { json } = await commandLine(t, service.environment)
  const { id } = await json(add('spa', '--public', '--grant', 'password', '--scope', 'posts:read', '--audience', api))
  change(service.databaseFile, 'update clients set introspect = ? where id = ?', JSON.stringify([api]), id)
  t.match(await json(['clients', 'update', 'spa', '--scope', 'posts:write']), {
    scope: ['posts:write'],
    introspect: [],
  })
})

/** Each is a second spelling of `api`. */
const respelled = [
  'https://API.example.com:443/',
  'HTTPS://api.example.com',
  `${api}/`,
  'https://%61pi.example.com/a/..',
]

t.test('an audience has one spelling, whether it is to be asked for or to be introspected', async t => {
  const { json, refuses } = await commandLine(t)
  await json(add('there', '--audience', api, '--introspect', api))
  const before = await json(['clients', 'list'])
  const says = /^Two of the audiences are one in two spellings: give it once\.\n$/
  await refuses(
    respelled.flatMap(other =>
      ['--audience', '--introspect'].flatMap(option => {
        const both = [option, api, option, 'urn:x', option, other]
        return [refused(add('new', ...both), says), refused(['clients', 'update', 'there', ...both], says)]
      }),
    ),
  )
  t.strictSame(await json(['clients', 'list']), before)
  const different = [
    api,
    `${api}/v1`,
    `${api}/v1/`,
    `${api}/V1`,
    `${api}?a`,
    'https://u@api.example.com',
    'urn:a',
    'URN:a',
  ]
  const words = different.flatMap(audience => ['--audience', audience])
  t.strictSame((await json(['clients', 'update', 'there', ...words])).audiences, different)
})

t.test('what a client has from before there was a rule is in the way of no other change', async t => {
  const service = await serve(t)
  const { json, refuses } = await commandLine(t, service.environment)
  const { id } = await json(add('older', '--audience', api, '--origin', 'https://a.example.com'))
  const twice = [api, `${api}/`]
  const wildcard = 'https://*.example.com'
  change(service.databaseFile, 'update clients set audiences = ? where id = ?', JSON.stringify(twice), id)
  change(service.databaseFile, 'update client_origins set origin = ? where client_id = ?', wildcard, id)
  const updated = await json(['clients', 'update', 'older', '--scope', 'posts:read'])
  t.match(updated, { scope: ['posts:read'], audiences: twice, origins: [wildcard] })
  await refuses([refused(['clients', 'update', 'older', '--origin', wildcard], /wildcard/)])
  t.match(await json(['clients', 'update', 'older', '--audience', api, '--origin', '']), {
    audiences: [api],
    origins: [],
  })
})

t.test('a confidential client has all of them', async t => {
  const { json } = await commandLine(t)
  await json(add('one', ...machine, '--introspect', api))
  t.match(await json(['clients', 'show', 'one']), { public: false, grants: ['client_credentials'], introspect: [api] })
  await json(add('other'))
  const words = ['--grant', 'client_credentials', '--grant', tokenExchange, '--audience', api, '--introspect', api]
  t.match(await json(['clients', 'update', 'other', ...words]), { grants: ['client_credentials', tokenExchange] })
})
