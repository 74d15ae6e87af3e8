import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandLine, signet } from '../support/command-line.ts'
import { APPLY, applying, DRY_RUN, textOf } from '../support/definitions.ts'
import { temporaryFolder } from '../support/environment.ts'
import { api } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

const other = 'https://other.example.com'

const first = `
roles:
  editor: { permissions: [posts:read, posts:write] }
clients:
  web-app:
    grants: [password, refresh_token]
    scope: [posts:read, '*']
    audiences: [${api}, ${other}]
    access_token_ttl: 10m
    grants_per_minute: 600
  spa: { public: true, grants: [password], audiences: [${api}], origins: ['https://login.example.com'] }
`

const second = `
roles:
  editor: { permissions: [posts:write, posts:delete] }
clients:
  web-app:
    grants: [refresh_token, password]
    scope: [posts:read, posts:new]
    audiences: [${other}, ${api}]
    introspect: [${api}]
    grants_per_minute: 600
    grants_per_minute_subject: 10
  spa: { public: true, grants: [password], audiences: [${api}], status: disabled }
  worker: { grants: [client_credentials], audiences: [${api}], may_grant: [editor], status: disabled }
`

t.test('what the file names is made as it says, twice changes nothing, and the rest is named and left', async t => {
  const its = await commandLine(t)
  const { text, json, run } = its
  const { apply, dryRun } = applying(its)
  await json(['roles', 'add', 'old', '--permission', 'a:b'])
  await json(['clients', 'add', 'legacy'])
  const added = [
    '+ role editor: posts:read, posts:write',
    '+ client spa (public)',
    '    grants: password',
    `    audiences: ${api}`,
    '    origins: https://login.example.com',
    '+ client web-app (confidential)',
    '    grants: password, refresh_token',
    '    scope: posts:read, *',
    `    audiences: ${api}, ${other}`,
    '    access_token_ttl: 10m',
    '    grants_per_minute: 600',
  ]
  const rest = 'not in the file: role old, client legacy'
  const dry = await run(DRY_RUN, first)
  t.strictSame([dry.code, dry.stdout, dry.stderr], [3, `${[...added, rest].join('\n')}\n`, ''])
  t.strictSame((await json(['clients', 'list'])).length, 1, 'a dry run changes nothing')
  const note = 'web-app has no secret: signet clients add-secret web-app'
  t.equal(await text(APPLY, first), `${[...added, rest, 'Applied: 1 role, no issuers, 2 clients', note].join('\n')}\n`)

  const client = await json(['clients', 'show', 'web-app'])
  t.match(client, {
    ...{ public: false, status: 'active', grants: ['password', 'refresh_token'], scope: ['posts:read', '*'] },
    ...{ audiences: [api, other], access_token_ttl: 600, grants_per_minute: 600, secrets: [] },
  })
  const before = await json(['audit', 'list'])
  const same = `Nothing to change: all is as the file says.\n${rest}\n`
  t.equal(await text(APPLY, first), same, 'twice changes nothing')
  const again = await run(DRY_RUN, first.replace('[posts:read, posts:write]', '[posts:write, posts:read, posts:write]'))
  t.strictSame([again.code, again.stdout], [0, same], 'nor do another order and doubles, where the order means nothing')
  t.strictSame((await json(['audit', 'list'])).length, before.length, 'and nobody reads of it')

  const changed = [
    '~ role editor: + posts:delete, - posts:read',
    '    narrower: access tokens of everybody who has it end; the sessions go on',
    '~ client spa',
    '    origins: - https://login.example.com',
    '    status: active -> disabled',
    '    it is disabled: its sessions end, and it gets no more tokens',
    '~ client web-app',
    '    scope: + posts:new, - *',
    `    audiences: in this order: ${other}, ${api}`,
    `    introspect: + ${api}`,
    '    access_token_ttl: 10m -> none',
    '    grants_per_minute_subject: none -> 10',
    '    narrower: access tokens of its sessions end; the sessions go on with what is',
    '        left',
    '+ client worker (confidential)',
    '    grants: client_credentials',
    `    audiences: ${api}`,
    '    may_grant: editor',
    '    status: disabled',
  ]
  t.equal((await run(DRY_RUN, second)).stdout, `${[...changed, rest].join('\n')}\n`)
  const described = await dryRun(second)
  const applied = await apply(second)
  t.strictSame([described.code, applied], [3, { ...applied, changes: described.changes, applied: true }])
  t.strictSame(applied.changes.at(0), {
    ...{ change: 'update', role: 'editor', ends: 'access_tokens' },
    members: { permissions: { added: ['posts:delete'], removed: ['posts:read'] } },
  })
  t.strictSame(
    applied.changes.map(({ role, client_id, change, ends }: Record<string, string>) => [
      role ?? client_id,
      change,
      ends,
    ]),
    [
      ['editor', 'update', 'access_tokens'],
      ['spa', 'update', 'sessions'],
      ['web-app', 'update', 'access_tokens'],
      ['worker', 'add', null],
    ],
  )
  t.strictSame(applied.not_in_file, { roles: ['old'], issuers: [], clients: ['legacy'] })
  t.strictSame(applied.without_secret, ['worker'])
  const events = (await json(['audit', 'list'])).slice(before.length)
  t.strictSame(
    events.map(({ type }: { type: string }) => type).sort(),
    ['client.add', 'client.disable', 'client.disable', 'client.update', 'client.update', 'role.update'],
    'as single acts would have been audited',
  )
  t.strictSame(
    await apply(second.replace('status: disabled', 'status: active').replace('posts:new', "'posts:new'")),
    {
      ...applied,
      changes: [{ ...applied.changes[1], members: { status: { before: 'disabled', after: 'active' } }, ends: null }],
      without_secret: [],
    },
    'enabled again',
  )
  t.match(await apply(first), { changes: { length: 3 } }, 'and back')
  t.equal((await json(['clients', 'show', 'spa'])).status, 'active')
  t.strictSame((await dryRun({})).not_in_file, {
    roles: ['editor', 'old'],
    issuers: [],
    clients: ['legacy', 'spa', 'web-app', 'worker'],
  })
})

t.test('names are what they are: numbers, words of YAML, and those of JavaScript', async t => {
  const its = await commandLine(t)
  const { apply, exported } = applying(its)
  const names = ['__proto__', 'constructor', 'toString', '123', 'null', 'true', '~', '*', '#a', '-']
  const anchored = `
clients:
${names.map((name, at) => `  '${name}': ${at === 0 ? "&all { grants: [password], scope: ['*'], audiences: [a:b] }" : '*all'}`).join('\n')}
`
  const { changes } = await apply(anchored)
  t.strictSame(
    changes.map(({ client_id }: { client_id: string }) => client_id),
    names.toSorted(),
  )
  t.strictSame(Object.keys((await exported()).clients).sort(), names.toSorted())
  const yaml = await its.text(['export'])
  const { code, stdout } = await its.run(DRY_RUN, yaml)
  t.strictSame([code, stdout], [0, 'Nothing to change: all is as the file says.\n'])
})

t.test('where something ends by it, a terminal is asked first', async t => {
  const its = await commandLine(t)
  const folder = temporaryFolder(t)
  const file = join(folder, 'definitions.yaml')
  const write = (...permissions: readonly string[]) =>
    writeFileSync(file, textOf({ roles: { editor: { permissions } } }))
  const at = (input: string, ...words: readonly string[]) =>
    signet(its.environment, ['apply', file, ...words], input, undefined, {}, true)
  const now = async () => (await its.json(['roles', 'show', 'editor'])).permissions
  write('a:b', 'c:d')
  t.match(await at('n\n'), { code: 0, stderr: '' }, 'what only adds asks nobody')
  write('a:b')
  const refused = await at('n\n')
  t.strictSame([refused.code, await now()], [1, ['a:b', 'c:d']])
  t.match(refused, {
    stdout: /^~ role editor: - c:d\n {4}narrower/,
    stderr: /^This ends no live access token\.\nGo on\? \[y\/N\]/,
  })
  const inJson = await at('n\n', '--json')
  t.match(inJson, { code: 1, stdout: '', stderr: /^~ role editor: - c:d\n/ })
  const piped = await signet(
    its.environment,
    APPLY,
    textOf({ roles: { editor: { permissions: ['a:b'] } } }),
    undefined,
    {},
    true,
  )
  t.match(piped, { code: 2, stderr: /add --yes/ })
  t.strictSame(await now(), ['a:b', 'c:d'])
  t.equal((await at('y\n')).code, 0)
  t.strictSame(await now(), ['a:b'])
  write('e:f')
  t.match(await at('', '--yes'), { code: 0, stderr: '' })
  t.strictSame(await now(), ['e:f'])
})

t.test('a line that is too long goes on below, and a sign stays with what is added or removed', async t => {
  const { json, run } = await commandLine(t)
  const letters = ['a', 'b', 'c', 'd', 'e', 'f']
  await json(['roles', 'add', 'editor', '--permission', 'posts:read'])
  const file = `roles:\n  editor: { permissions: [${letters.map(letter => `${letter.repeat(12)}:write`).join(', ')}] }\n`
  t.same((await run(DRY_RUN, file)).stdout.split('\n').slice(0, 3), [
    '~ role editor: + aaaaaaaaaaaa:write, + bbbbbbbbbbbb:write, + cccccccccccc:write,',
    '    + dddddddddddd:write, + eeeeeeeeeeee:write, + ffffffffffff:write,',
    '    - posts:read',
  ])
})
