import t from 'tap'
import { ADMINISTRATOR, ownPermissions } from '../../src/records/role.ts'
import { addedRoles } from '../support/added-roles.ts'
import { commandLine, type Refused } from '../support/command-line.ts'
import { api, claimsOf, password, serve } from '../support/serve.ts'

// Each has a database of its own.
t.jobs = 2

const permissions = (...names: readonly string[]) => names.flatMap(name => ['--permission', name])

t.test('under --json each command answers with these members and no other', async t => {
  const { json } = await commandLine(t)
  await json(['users', 'add', 'Ann', '--password-stdin'], password)
  const editor = { name: 'editor', permissions: ['posts:write', 'posts:read'] }
  t.strictSame(await json(['roles', 'list']), [{ name: ADMINISTRATOR, permissions: ownPermissions }], 'built in')
  t.strictSame(
    await json(['roles', 'add', 'editor', ...permissions('posts:write', 'posts:read', 'posts:write')]),
    editor,
    'in the order in which they were given, each once',
  )
  await json(['roles', 'add', 'author', ...permissions('posts:read')])
  t.strictSame(await json(['roles', 'show', 'editor']), editor)
  t.strictSame(
    addedRoles(await json(['roles', 'list'])),
    [{ name: 'author', permissions: ['posts:read'] }, editor],
    'by name',
  )
  t.strictSame(await json(['roles', 'grant', 'editor', '--user', 'Ann']), { role: 'editor', username: 'Ann' })
  t.strictSame(await json(['roles', 'grant', 'editor', '--user', 'ANN']), { role: 'editor', username: 'ANN' }, 'twice')
  t.strictSame((await json(['users', 'show', 'Ann'])).roles, ['editor'])
  t.strictSame(await json(['roles', 'revoke', 'editor', '--user', 'Ann']), { role: 'editor', username: 'Ann' })
  t.strictSame(await json(['roles', 'revoke', 'editor', '--user', 'Ann']), { role: 'editor', username: 'Ann' }, 'twice')
  t.strictSame((await json(['users', 'show', 'Ann'])).roles, [])
  const updated = { name: 'editor', permissions: ['posts:delete'] }
  t.strictSame(
    await json(['roles', 'update', 'editor', ...permissions('posts:delete')]),
    updated,
    'replaced, not added',
  )
  t.strictSame(await json(['roles', 'show', 'editor']), updated)
  t.strictSame(await json(['roles', 'delete', 'editor']), { name: 'editor' })
  t.strictSame(addedRoles(await json(['roles', 'list'])), [{ name: 'author', permissions: ['posts:read'] }])
})

t.test('for people each command answers in a line, and list in a table', async t => {
  const { text } = await commandLine(t)
  await text(['users', 'add', 'ann', '--password-stdin'], password)
  t.equal(await text(['roles', 'add', 'editor', ...permissions('a:b', 'c:d')]), 'Added editor  a:b c:d\n')
  t.equal(await text(['roles', 'show', 'editor']), 'Name:         editor\nPermissions:  a:b\n              c:d\n')
  t.match(
    await text(['roles', 'list']),
    /^NAME {10}PERMISSIONS\neditor {8}a:b c:d\nsignet-admin {2}signet:users:read signet:.*\n(?: {14}signet:.*\n)+$/,
  )
  t.equal(await text(['roles', 'grant', 'editor', '--user', 'ann']), 'ann has editor\n')
  t.equal(await text(['roles', 'revoke', 'editor', '--user', 'ann']), 'ann no longer has editor\n')
  t.equal(await text(['roles', 'update', 'editor', ...permissions('e:f')]), 'Updated editor  e:f\n')
  t.equal(await text(['roles', 'delete', 'editor']), 'Deleted editor\n')
})

t.test('what is refused ends with 1, wrong usage with 2, and neither changes a role', async t => {
  const { json, refuses } = await commandLine(t)
  await json(['roles', 'add', 'taken', ...permissions('a:b')])
  await json(['users', 'add', 'bob', '--password-stdin'], password)
  const add = (name: string, permission: string) => ['roles', 'add', ...permissions(permission), '--', name]
  const refused = (words: readonly string[], says: RegExp): Refused => ({ words, code: 1, says })
  const misused = (words: readonly string[], says: RegExp): Refused => ({ words, code: 2, says })
  const noRole = /^There is no such role\.\n$/
  await refuses([
    refused(add('taken', 'a:b'), /^There is a role with this name already\.\n$/),
    refused(['roles', 'show', 'nobody'], noRole),
    refused(['roles', 'delete', 'nobody'], noRole),
    refused(['roles', 'update', 'nobody', ...permissions('a:b')], noRole),
    refused(['roles', 'grant', 'nobody', '--user', 'bob'], noRole),
    refused(['roles', 'grant', 'taken', '--user', 'ann'], /^There is no such user\.\n$/),
    refused(['roles', 'revoke', 'taken', '--user', 'ann'], /^There is no such user\.\n$/),
    refused(add('', 'a:b'), /role name/),
    refused(add('two words', 'a:b'), /role name/),
    refused(add('x'.repeat(65), 'a:b'), /role name/),
    refused(add('new', '*'), /permission/),
    refused(add('new', 'two words'), /permission/),
    refused(add('new', 'offline_access'), /OpenID Connect.* are ignored/),
    refused(add('new', 'x'.repeat(129)), /permission/),
    refused(['roles', 'update', 'taken', ...permissions('fine:one', 'not fine')], /permission/),
    misused(['roles', 'add', 'new'], /required option '--permission/),
    misused(['roles', 'add', ...permissions('a:b')], /missing required argument 'name'/),
    misused(['roles', 'update', 'taken'], /required option '--permission/),
    misused(['roles', 'grant', 'taken'], /required option '--user/),
    misused(['roles', 'grant', 'taken', 'ann', '--user', 'ann'], /too many arguments/),
  ])
  t.strictSame(addedRoles(await json(['roles', 'list'])), [{ name: 'taken', permissions: ['a:b'] }])
})

t.test('the longest names are accepted, and one that begins with a dash after --', async t => {
  const { json } = await commandLine(t)
  const [name, permission] = [`-${'x'.repeat(63)}`, 'p'.repeat(128)]
  t.strictSame(await json(['roles', 'add', ...permissions(permission), '--', name]), {
    name,
    permissions: [permission],
  })
  t.strictSame(await json(['roles', 'delete', '--', name]), { name })
})

t.test('beside a running server a command takes effect at the next refresh', async t => {
  const service = await serve(t)
  const { json } = await commandLine(t, service.environment)
  await json(['roles', 'add', 'editor', ...permissions('posts:write')])
  await json(['roles', 'add', 'author', ...permissions('posts:read')])
  const grants = ['--grant', 'password', '--grant', 'refresh_token', '--scope', '*', '--audience', api]
  await json(['clients', 'add', 'spa', '--public', ...grants])
  await json(['users', 'add', 'ann', '--password-stdin', '--role', 'editor', '--role', 'author'], password)
  const signIn = await service.token({ grant_type: 'password', client_id: 'spa', username: 'ann', password })
  let refreshToken: string = signIn.body.refresh_token

  async function afterRefresh() {
    const form = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: refreshToken }
    const { body } = await service.token(form)
    refreshToken = body.refresh_token
    const { roles, scope } = claimsOf(body.access_token)
    return { roles: [...roles].sort(), scope: scope?.split(' ').sort() ?? [] }
  }

  t.same(await afterRefresh(), { roles: ['author', 'editor'], scope: ['posts:read', 'posts:write'] })
  await json(['roles', 'revoke', 'editor', '--user', 'ann'])
  t.same(await afterRefresh(), { roles: ['author'], scope: ['posts:read'] }, 'revoked')
  await json(['roles', 'grant', 'editor', '--user', 'ann'])
  t.same(await afterRefresh(), { roles: ['author', 'editor'], scope: ['posts:read', 'posts:write'] }, 'granted')
  await json(['roles', 'delete', 'author'])
  t.same(await afterRefresh(), { roles: ['editor'], scope: ['posts:write'] }, 'deleted')
  await json(['roles', 'update', 'editor', ...permissions('posts:read')])
  t.same(await afterRefresh(), { roles: ['editor'], scope: ['posts:read'] }, 'updated, within what the sign-in had')
  await json(['roles', 'add', 'author', ...permissions('posts:write')])
  t.strictSame((await json(['users', 'show', 'ann'])).roles, ['editor'], 'a deleted role is not given back by its name')
})
