import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import { APPLY, applying, textOf } from '../support/definitions.ts'
import { temporaryFolder } from '../support/environment.ts'
import { api, secret } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

t.test('all mistakes are told at once, each with its line and place, and nothing is changed', async t => {
  const its = await commandLine(t)
  const { run, json, refuses } = its
  await json(['clients', 'add', 'spa', '--public'])
  const before = await applying(its).exported()
  const told = async (text: string) => {
    const { code, stdout, stderr } = await run(APPLY, text)
    const [head, ...lines] = stderr.trimEnd().split('\n')
    t.strictSame([code, stdout, head], [1, '', 'The file is wrong, and nothing was changed:'])
    return lines
  }
  const lines = await told(`
issuer: {}
roles:
  signet-admin: { permissions: [signet:users:read] }
  none: { permissions: [] }
  'two words': { permissions: ['*', profile] }
  own: { permissions: [signet:everything] }
  typed: { permission: [a:b] }
clients:
  'a:b': {}
  spa: {}
  web-app:
    grants: [password, implicit]
    secret: ${secret}
    scope: posts:read
    access_token_ttl: 600
    public: yes
  worker:
    grants: [client_credentials]
    grants_per_minute_subject: 5
  open: { public: true, grants: [client_credentials], audiences: [${api}, ${api}/#x], may_grant: [editor] }
  short: { access_token_ttl: 1s, origins: ['*'], grants_per_minute: 5, grants_per_minute_subject: 6 }
  odd: { access_token_ttl: 10 minutes }
  other: { grants: [client_credentials], audiences: [${api}, 'HTTPS://api.example.com'], may_grant: [signet-admin] }
`)
  const expected = [
    /line 2, issuer: There is no such member here\.$/,
    /line 4, roles\.signet-admin: The role signet-admin is built in/,
    /line 5, roles\.none\.permissions: A role gives at least one permission\.$/,
    /line 6, roles\.two words: A role name has/,
    /line 6, roles\.two words\.permissions: A permission has/,
    /line 7, roles\.own\.permissions: Of the permissions that begin with signet:/,
    /line 8, roles\.typed\.permission: There is no such member here\.$/,
    /line 8, roles\.typed\.permissions: It is needed\.$/,
    /line 10, clients\.a:b: A client id has/,
    /line 11, clients\.spa\.public: This client is public, and that never changes/,
    /line 13, clients\.web-app\.grants\.1: It is one of password, refresh_token/,
    /line 14, clients\.web-app\.secret: Secrets are never in the file/,
    /line 15, clients\.web-app\.scope: It is a list; one without entries is \[\]\.$/,
    /line 16, clients\.web-app\.access_token_ttl: It is a text/,
    /line 17, clients\.web-app\.public: It is true or false\.$/,
    /line 20, clients\.worker\.grants_per_minute_subject: It goes with grants_per_minute\.$/,
    /line 21, clients\.open\.grants: A public client has no client_credentials/,
    /line 21, clients\.open\.audiences: An audience is an absolute URI/,
    /line 21, clients\.open\.may_grant: A public client may grant no role/,
    /line 22, clients\.short\.access_token_ttl: An access token lives for 30s to 12h\.$/,
    /line 22, clients\.short\.origins: .*wildcard/,
    /line 22, clients\.short\.grants_per_minute_subject: The limit of grants/,
    /line 23, clients\.odd\.access_token_ttl: A duration is a number and s, m, h or d/,
    /line 24, clients\.other\.audiences: Two of the audiences are one in two spellings/,
    /line 24, clients\.other\.may_grant: No client may grant signet-admin\.$/,
  ]
  t.equal(lines.length, expected.length, lines.join('\n'))
  for (const says of expected)
    t.ok(
      lines.some(line => says.test(line)),
      String(says),
    )
  t.match(await told('clients: { a: { grants: [client_credentials], audiences: [a:b], may_grant: [nobody] } }'), [
    '  line 1, clients.a.may_grant: There is no such role to grant, and none is defined here.',
  ])
  t.match(
    await told('clients: { a: { grants: ~, scope: [a:b, 1, ~] } }'),
    [/a\.grants: It is a list/, /a\.scope\.1: It is a text/, /a\.scope\.2: It is a text/],
    'within a line, too, in the order of the file',
  )
  const many = textOf({
    roles: Object.fromEntries(Array.from({ length: 5001 }, (_, at) => [`r${at}`, { permissions: ['a:b'] }])),
  })
  t.match(await told(many), [/^ {2}line 1: It changes more than 5000 roles, issuers, clients, keys and trusts/])

  const folder = temporaryFolder(t)
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content)
    return ['apply', join(folder, name)]
  }
  const wrong = (text: string | Uint8Array, says: RegExp) => ({ words: APPLY, input: text, code: 1 as const, says })
  await refuses([
    wrong('', /^The file is empty\. One that defines nothing is \{\}\.\n$/),
    wrong('\n# nothing\n', /It is an object of members; one without any is \{\}\.\n$/),
    wrong('roles: ~\n', /line 1, roles: It is an object of members; one without any is \{\}\.\n$/),
    wrong('[1]', /line 1: It is an object/),
    wrong('a: [1, 2', /line 1: The indentation is wrong, or a bracket is missing\.|closing/),
    wrong('roles:\n\teditor: {}', /line 2: YAML is indented by spaces, not by tabs\.\n/),
    wrong('roles: {}\n---\nroles: {}', /line 2: There is more than one document in the file\.\n$/),
    wrong('roles: !role {}', /line 1: Tags have no meaning here\.\n$/),
    wrong(
      'clients: { a: { scope: *everything } }',
      /line 1, clients\.a\.scope: There is no anchor of this name\. A \* by itself/,
    ),
    wrong('? [roles]\n: {}', /line 1: The name of a member is a text\.\n$/),
    wrong('roles: {}\nclients: {}\nroles: {}', /line 3, roles: This name is there twice\.\n$/),
    wrong('{\n"clients":\n{"a": {},\n"a": {"public": true}}}', /line 4, clients\.a: This name is there twice\.\n$/),
    wrong('clients: { a: { <<: { public: true } } }', /clients\.a\.<<: There is no such member here\.\n$/),
    wrong('clients: { "\\e[31m\\u202Ered": 1 }', /line 1, clients\.\?\[31m\?red: It is an object/),
    wrong(Buffer.from([0x61, 0xff]), /^The file is not UTF-8\.\n$/),
    wrong(`${'['.repeat(20_000)}`, /line 1: It is nested too deeply\.\n/),
    wrong('&a [*a]', / {2}It is nested too deeply\.\n$/),
    wrong(`[${'a,'.repeat(300_001)}]`, / {2}It is too large: put what it says into several files/),
    wrong(
      // Each holds eight times as many as the one before.
      `a: &l0 [x, x]\n${Array.from({ length: 7 }, (_, at) => `a${at}: &l${at + 1} [${`*l${at}, `.repeat(8)}]`).join('\n')}`,
      / {2}It is too large/,
    ),
    wrong(' '.repeat(4 * 1024 * 1024 + 1), /^The file has more than 4 MiB/),
    { words: ['apply', join(folder, 'none.yaml')], code: 1, says: /^There is no such file\.\n$/ },
    { words: ['apply', folder], code: 1, says: /^That is a directory and no file\.\n$/ },
    { words: file('wrong.yaml', 'roles: 1'), code: 1, says: /line 1, roles: It is an object/ },
    { words: ['apply'], code: 2, says: /missing required argument 'file'/ },
  ])
  t.strictSame(await applying(its).exported(), before, 'nothing was changed by any of them')
  t.equal((await run(file('bom.json', '\uFEFF{\r\n\t"clients":\t{"spa": {"public": true}}\r\n}'))).code, 0)
})
