import t from 'tap'
import { addClient } from '../support/clients.ts'
import { type Answer, addAlice, api, byTest, claimsOf, password, secret, serve } from '../support/serve.ts'
import { change, everythingIn } from '../support/sqlite.ts'

const service = await serve(t)
await addAlice(service)
await service.roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)
await service.roles.add({ name: 'moderator', permissions: ['posts:delete', 'posts:read'] }, byTest)
await service.roles.add({ name: 'operator', permissions: ['signet:users:read', 'posts:read'] }, byTest)
await service.users.add({ username: 'bob', password, roles: ['reader', 'editor', 'operator'] }, byTest)
await service.users.add({ username: 'nobody-yet', password, roles: [] }, byTest)
await addClient(service, { clientId: 'narrow', scope: ['posts:read', 'posts:publish'] })
await addClient(service, { clientId: 'whatever', scope: ['*'] })
await addClient(service, {
  clientId: 'console',
  scope: ['*', 'signet:users:read'],
  audiences: [api, service.issuer],
})
await addClient(service, { clientId: 'scopeless', scope: [] })

type More = Readonly<Record<string, string>>

const signIn = (clientId: string, scope?: string, username = 'bob', more: More = {}) =>
  service.token(
    { grant_type: 'password', username, password, ...(scope !== undefined && { scope }), ...more },
    { client: [clientId, secret] },
  )

const refresh = (clientId: string, token: string, scope?: string, more: More = {}) =>
  service.token(
    { grant_type: 'refresh_token', refresh_token: token, ...(scope !== undefined && { scope }), ...more },
    { client: [clientId, secret] },
  )

const invalidScope = { status: 400, body: { error: 'invalid_scope' } }

/** What the answer says and what its token carries, which must agree. */
function granted(t: { same: (a: unknown, b: unknown) => unknown }, { body }: Answer) {
  const { scope, roles } = claimsOf(body.access_token)
  t.same(scope, body.scope)
  return { scope, roles }
}

t.test('without a scope the token gets all that the client may have, narrowed to what the roles give', async t => {
  t.same(granted(t, await signIn('web-app')), { scope: 'posts:read posts:write', roles: ['editor', 'reader'] })
  t.same(granted(t, await signIn('narrow')), { scope: 'posts:read', roles: ['reader'] })
})

t.test('a scope that is asked for narrows the token, and only the roles that fit in it stay', async t => {
  t.same(granted(t, await signIn('web-app', 'posts:read')), { scope: 'posts:read', roles: ['reader'] })
  t.same(granted(t, await signIn('web-app', 'posts:write')), { scope: 'posts:write', roles: [] })
  t.same(granted(t, await signIn('web-app', 'posts:write posts:read')), {
    scope: 'posts:read posts:write',
    roles: ['editor', 'reader'],
  })
})

t.test('of the scopes asked for, those that client or user lack are left out', async t => {
  t.same(granted(t, await signIn('narrow', 'posts:read posts:write')), { scope: 'posts:read', roles: ['reader'] })
  t.same(granted(t, await signIn('narrow', 'posts:read posts:publish none:such')), {
    scope: 'posts:read',
    roles: ['reader'],
  })
})

t.test('the same scope twice, and more spaces than needed, are harmless', async t => {
  t.equal((await signIn('web-app', ' posts:read  posts:read ')).body.scope, 'posts:read')
})

t.test('scopes asked for by name of which none is left are invalid_scope', async t => {
  for (const scope of ['posts:write', 'posts:publish', 'none:such', 'POSTS:READ', 'posts:', '*', '__proto__']) {
    t.match(await signIn('narrow', scope), invalidScope, scope)
  }
})

t.test('a malformed scope is invalid_scope', async t => {
  for (const scope of [' ', 'posts:read"', 'a\\b', 'posts:read\tposts:write', 'posts:read\n', 'pösts']) {
    t.match(await signIn('web-app', scope), invalidScope, JSON.stringify(scope))
  }
})

t.test('* gives whatever the user has, except the permissions of Signet itself', async t => {
  t.same(granted(t, await signIn('whatever')), { scope: 'posts:read posts:write', roles: ['editor', 'reader'] })
  t.match(await signIn('whatever', 'signet:users:read'), invalidScope)
  t.equal((await signIn('whatever', 'signet:users:read posts:read')).body.scope, 'posts:read')
})

t.test('permissions of Signet itself are given to a client that names them, and with them their role', async t => {
  const atSignet = { resource: service.issuer }
  t.same(granted(t, await signIn('console', undefined, 'bob', atSignet)), {
    scope: 'posts:read posts:write signet:users:read',
    roles: ['editor', 'operator', 'reader'],
  })
  t.same(granted(t, await signIn('console', 'signet:users:read', 'bob', atSignet)), {
    scope: 'signet:users:read',
    roles: [],
  })
  t.match(
    await signIn('console', 'signet:users:read', 'alice', atSignet),
    invalidScope,
    'but to no user who lacks them',
  )
})

t.test('permissions of Signet itself are in a token only when its audience is the issuer', async t => {
  t.same(granted(t, await signIn('console')), { scope: 'posts:read posts:write', roles: ['editor', 'reader'] })
  t.equal((await signIn('console', 'signet:users:read posts:read')).body.scope, 'posts:read')
  t.match(await signIn('console', 'signet:users:read'), invalidScope, 'so that nothing is left')

  const first = await signIn('console', undefined, 'bob', { resource: service.issuer })
  const elsewhere = await refresh('console', first.body.refresh_token, undefined, { resource: api })
  t.same(granted(t, elsewhere), { scope: 'posts:read posts:write', roles: ['editor', 'reader'] })
  const { refresh_token } = elsewhere.body
  t.match(await refresh('console', refresh_token, 'signet:users:read', { resource: api }), invalidScope)
  const back = await refresh('console', refresh_token, undefined, { resource: service.issuer })
  t.equal(granted(t, back).scope, 'posts:read posts:write signet:users:read', 'the sign-in keeps them')
})

t.test('scope is left out where none was asked for and none is given', async t => {
  for (const [clientId, username] of [
    ['scopeless', 'bob'],
    ['web-app', 'nobody-yet'],
  ] as const) {
    const answer = await signIn(clientId, undefined, username)
    t.equal(answer.status, 200)
    t.notOk('scope' in answer.body)
    t.notOk('scope' in claimsOf(answer.body.access_token))
    t.same(claimsOf(answer.body.access_token).roles, [])
    t.match(await signIn(clientId, 'posts:read', username), invalidScope)
  }
})

t.test('a refresh may narrow the scope, and the next one still has all that the sign-in had', async t => {
  const first = await signIn('web-app')
  const narrow = await refresh('web-app', first.body.refresh_token, 'posts:read')
  t.same(granted(t, narrow), { scope: 'posts:read', roles: ['reader'] })
  const whole = await refresh('web-app', narrow.body.refresh_token)
  t.same(granted(t, whole), { scope: 'posts:read posts:write', roles: ['editor', 'reader'] })
})

t.test('a refresh that asks for more than the sign-in was granted is invalid_scope, and consumes nothing', async t => {
  const { refresh_token } = (await signIn('web-app', 'posts:read')).body
  const before = everythingIn(service.databaseFile)
  for (const scope of ['posts:write', 'posts:read posts:write', 'posts:read none:such', 'POSTS:READ'])
    t.match(await refresh('web-app', refresh_token, scope), invalidScope, scope)
  t.same(everythingIn(service.databaseFile), before)
  t.same(granted(t, await refresh('web-app', refresh_token)), { scope: 'posts:read', roles: ['reader'] })
})

t.test('what only OpenID Connect knows is never granted, whatever a role of before says', async t => {
  await service.roles.add({ name: 'mailer', permissions: ['posts:mail'] }, byTest)
  change(service.databaseFile, "update roles set permissions = ? where name = 'mailer'", '["email","posts:mail"]')
  await service.users.add({ username: 'dave', password, roles: ['mailer'] }, byTest)
  for (const asked of [undefined, 'email', 'email posts:mail'])
    t.equal((await signIn('whatever', asked, 'dave')).body.scope, 'posts:mail', asked ?? 'nothing')
})

t.test(
  'what only OpenID Connect knows is ignored, at a refresh too: alone, it is as if nothing was asked for',
  async t => {
    const narrow = await signIn('web-app', 'openid posts:read offline_access')
    t.equal(narrow.body.scope, 'posts:read')
    const { refresh_token } = narrow.body
    t.equal((await refresh('web-app', refresh_token, 'profile posts:read email')).body.scope, 'posts:read')
    t.equal((await signIn('web-app', 'openid profile email offline_access')).body.scope, 'posts:read posts:write')
  },
)

t.test('invalid_scope at a refresh consumes nothing: the refresh token works afterwards', async t => {
  const { refresh_token } = (await signIn('web-app')).body
  const before = everythingIn(service.databaseFile)
  for (const scope of ['none:such', 'a"b', ' ']) t.match(await refresh('web-app', refresh_token, scope), invalidScope)
  t.same(everythingIn(service.databaseFile), before)
  const successor = await refresh('web-app', refresh_token)
  t.equal(successor.status, 200)
  t.equal((await refresh('web-app', successor.body.refresh_token)).status, 200)
})

t.test('roles, their permissions and the scope of the client are read afresh at each refresh', async t => {
  await service.users.add({ username: 'carol', password, roles: ['editor', 'moderator'] }, byTest)
  let token = (await signIn('whatever', undefined, 'carol')).body.refresh_token
  const next = async () => {
    const answer = await refresh('whatever', token)
    token = answer.body.refresh_token
    return granted(t, answer)
  }
  t.same(await next(), { scope: 'posts:delete posts:read posts:write', roles: ['editor', 'moderator'] })
  await service.roles.revoke('editor', 'carol', byTest)
  t.same(await next(), { scope: 'posts:delete posts:read', roles: ['moderator'] })
  await service.clients.update('whatever', { scope: ['posts:read'] }, byTest)
  t.same(await next(), { scope: 'posts:read', roles: [] })
  await service.clients.update('whatever', { scope: ['*'] }, byTest)
  await service.roles.update({ name: 'moderator', permissions: ['posts:delete', 'posts:hide'] }, byTest)
  t.same(await next(), { scope: 'posts:delete', roles: [] }, 'what came later was not part of the sign-in')
  await service.roles.delete('moderator', byTest)
  t.same(await next(), { scope: undefined, roles: [] })
  await service.roles.grant('editor', 'carol', byTest)
  t.same(await next(), { scope: 'posts:read posts:write', roles: ['editor'] })
})
