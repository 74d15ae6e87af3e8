/** What a token of an API key may do: what was asked for, within the key's, what its owner has now, and the exchanging client's. */
import t from 'tap'
import { EXCHANGE } from '../support/asking-machines.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { copyKey, machines } from '../support/machines.ts'
import { api, byTest, claimsOf, password, secret } from '../support/serve.ts'
import { change, everythingIn } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const invalidScope = [400, 'invalid_scope'] as const

t.test('the scope is what all of them have in common, and there are no roles', async t => {
  const { make, exchange, service } = await machines(t)
  await addClient(service, { clientId: 'narrow', grants: [EXCHANGE], scope: ['posts:read', 'posts:publish'] })
  await addClient(service, { clientId: 'nothing', grants: [EXCHANGE], scope: [] })
  const all = await make({ scope: ['posts:read', 'posts:write', 'posts:publish'] })
  const read = await make({ scope: ['posts:read'] })
  const publish = await make({ scope: ['posts:publish'] })
  for (const [{ api_key }, scope, clientId, given] of [
    [all, undefined, 'gateway', 'posts:read posts:write'],
    [all, 'posts:write', 'gateway', 'posts:write'],
    [all, 'posts:write posts:publish other', 'gateway', 'posts:write'],
    [all, 'openid profile', 'gateway', 'posts:read posts:write'],
    [all, 'openid posts:write', 'gateway', 'posts:write'],
    [all, undefined, 'narrow', 'posts:read'],
    [read, undefined, 'gateway', 'posts:read'],
    [read, 'posts:read posts:write', 'gateway', 'posts:read'],
    [publish, undefined, 'gateway', undefined],
    [publish, 'openid', 'narrow', undefined],
    [all, undefined, 'nothing', undefined],
  ] as const) {
    const client = clientId === 'gateway' ? {} : ({ client: [clientId, secret] } as const)
    const { status, body } = await exchange(api_key, { ...(scope && { scope }) }, client)
    const title = `${clientId}: ${scope}`
    t.equal(status, 200, title)
    const claims = claimsOf(body.access_token)
    t.same([body.scope, claims.scope], [given, given], title)
    t.same(['scope' in body, 'roles' in claims], [given !== undefined, false], title)
  }
  const before = everythingIn(service.databaseFile)
  for (const [{ api_key }, scope, clientId] of [
    [all, 'posts:publish', 'gateway'],
    [all, '*', 'gateway'],
    [all, 'POSTS:READ', 'gateway'],
    [all, 'posts:write', 'narrow'],
    [all, 'posts:"read', 'gateway'],
    [all, 'posts:read', 'nothing'],
    [read, 'posts:write', 'gateway'],
    [publish, 'posts:publish', 'narrow'],
  ] as const) {
    const client = clientId === 'gateway' ? {} : ({ client: [clientId, secret] } as const)
    isError(t, await exchange(api_key, { scope }, client), invalidScope)
  }
  t.same(everythingIn(service.databaseFile), before, 'nothing is written for a refusal')
})

t.test('what the user has is asked at each exchange, and what was taken away ends at once', async t => {
  const { make, exchange, given, service, works } = await machines(t)
  const { roles } = service
  const { api_key } = await make({ scope: ['posts:read', 'posts:write'] })
  const scopeNow = async () => (await exchange(api_key)).body.scope
  t.equal(await scopeNow(), 'posts:read posts:write')
  const before = await given(api_key)
  t.ok(await works(before))
  await roles.add({ name: 'reader', permissions: ['posts:read'] }, byTest)
  await roles.grant('reader', 'alice', byTest)
  await roles.revoke('editor', 'alice', byTest)
  t.notOk(await works(before), 'it could write')
  t.equal(await scopeNow(), 'posts:read')
  isError(t, await exchange(api_key, { scope: 'posts:write' }), invalidScope)
  const reading = await given(api_key)
  await roles.update({ name: 'reader', permissions: ['posts:other'] }, byTest)
  t.notOk(await works(reading))
  t.equal(await scopeNow(), undefined)
  await roles.delete('reader', byTest)
  await roles.grant('editor', 'alice', byTest)
  t.equal(await scopeNow(), 'posts:read posts:write', 'what comes back is there again')
})

t.test('what the exchanging client may have is asked at each exchange', async t => {
  const { make, given, service, works } = await machines(t)
  const { api_key } = await make({ scope: ['posts:read', 'posts:write'] })
  const byBroker = () => given(api_key, {}, { client: ['broker', secret] })
  const [broker, gateway] = [await byBroker(), await given(api_key)]
  await service.clients.update('broker', { scope: ['posts:read'] }, byTest)
  t.same([await works(broker), await works(gateway)], [false, true])
  t.equal(claimsOf(await byBroker()).scope, 'posts:read')
})

t.test('of a client it is what the client has by name; * counts for nothing, on either side', async t => {
  const { make, exchange, given, service, works } = await machines(t)
  await addClient(service, { clientId: 'robot', scope: ['*', 'posts:read', 'posts:write'] })
  await addClient(service, { clientId: 'reading', grants: [EXCHANGE], scope: ['*', 'posts:read'] })
  const { api_key } = await make({ owner: ['--client', 'robot'], scope: ['posts:read', 'posts:write', 'posts:delete'] })
  const client = { client: ['reading', secret] } as const
  t.equal((await exchange(api_key, {}, client)).body.scope, 'posts:read')
  isError(t, await exchange(api_key, { scope: 'posts:write' }, client), invalidScope)
  t.equal((await exchange(api_key)).body.scope, undefined, 'gateway has nothing by name')
  isError(t, await exchange(api_key, { scope: 'posts:read' }), invalidScope)

  await service.clients.update('reading', { scope: ['posts:read', 'posts:write', 'posts:delete'] }, byTest)
  const before = await given(api_key, {}, client)
  t.equal(claimsOf(before).scope, 'posts:read posts:write', "within the owner's")
  await service.clients.update('robot', { scope: ['posts:read', '*'] }, byTest)
  t.notOk(await works(before), 'what is taken from the owner ends')
  t.equal((await exchange(api_key, {}, client)).body.scope, 'posts:read')
  const stars = await make({ owner: ['--client', 'robot'], scope: ['posts:write'] })
  isError(t, await exchange(stars.api_key, { scope: 'posts:write' }, client), invalidScope)
})

t.test("none of Signet's own permissions is in such a token, whatever owner and client have", async t => {
  const { make, exchange, service } = await machines(t)
  const own = 'signet:users:read'
  await service.roles.add({ name: 'operator', permissions: [own, 'posts:read'] }, byTest)
  await service.users.add({ username: 'olga', password, roles: ['operator'] }, byTest)
  const scope = [own, 'posts:read']
  await addClient(service, { clientId: 'console', grants: [EXCHANGE], scope, audiences: [api, service.issuer] })
  const made = await make({ owner: ['--user', 'olga'] })
  const client = { client: ['console', secret] } as const
  t.equal((await exchange(made.api_key, {}, client)).body.scope, 'posts:read')
  isError(t, await exchange(made.api_key, { scope: own }, client), invalidScope)
  // As nobody can make it.
  const data = JSON.stringify({ scope, audiences: [service.issuer, api] })
  change(service.databaseFile, 'update credentials set data = ? where id = ?', data, made.api_key_id)
  const { body } = await exchange(made.api_key, {}, client)
  t.match(claimsOf(body.access_token), { aud: api, scope: 'posts:read' })
  isError(t, await exchange(made.api_key, { scope: own }, client), invalidScope)
  isError(t, await exchange(made.api_key, { resource: service.issuer }, client), [400, 'invalid_target'])
})

t.test('each key has its own scope, and of one owner the keys know nothing of each other', async t => {
  const its = await machines(t)
  const one = await its.make({ scope: ['posts:read'] })
  const other = await its.make({ scope: ['posts:write'], more: ['--expires', 'never'] })
  copyKey(its, one, 3, its.clock.now())
  t.same(
    [(await its.exchange(one.api_key)).body.scope, (await its.exchange(other.api_key)).body.scope],
    ['posts:read', 'posts:write'],
  )
})
