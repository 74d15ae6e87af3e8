/** One resource that is spelled in several ways (RFC 3986 §6.2.2, §6.2.3): wherever an audience is compared with another. */
import t from 'tap'
import { EXCHANGE } from '../support/asking-machines.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { machines, shop } from '../support/machines.ts'
import { api, byTest, claimsOf, password, request, secret } from '../support/serve.ts'
import { change } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const registered = 'https://Files.Example.com:443/v1/~me/%2fx?q=a'
const same = [
  registered,
  'https://files.example.com/v1/~me/%2Fx?q=a',
  'HTTPS://FILES.EXAMPLE.COM:/v1/%7eme/%2fx?q=%61',
  'https://f%49les.example.com:443/a/../v1/./~me/%2fx?q=a',
  'https://files.example.com/%2e/../v1/~me/b/%2E./%2fx?q=a',
]
const different = [
  ...[
    'https://files.example.com/v1/~me/%2Fx',
    'https://files.example.com/v1/~me/%2Fx?q=a&',
    'https://files.example.com',
  ],
  ...['https://files.example.com/v1/~me/%2Fx?q=A', 'https://files.example.com/V1/~me/%2Fx?q=a'],
  ...['https://files.example.com/v1/~me/%2Fx/?q=a', 'https://files.example.com/v1/~me//x?q=a'],
  ...['https://files.example.com//v1/~me/%2Fx?q=a', 'https://files.example.com/v1/%257Eme/%2Fx?q=a'],
  ...['https://files.example.com:444/v1/~me/%2Fx?q=a', 'http://files.example.com:443/v1/~me/%2Fx?q=a'],
  ...['https://files.example.com./v1/~me/%2Fx?q=a', 'https://me@files.example.com/v1/~me/%2Fx?q=a'],
  ...['https://files.example.com@evil.example/v1/~me/%2Fx?q=a', 'https:files.example.com/v1/~me/%2Fx?q=a'],
  ...['https:\\\\files.example.com\\v1\\~me\\%2Fx?q=a', 'https://files.example.com/v1/~me/%2Fx?q=a#', ` ${registered}`],
  ...[
    `${registered}\n`,
    'https://files.example.com:0443/v1/~me/%2Fx?q=a',
    'https://files.ex\tample.com/v1/~me/%2Fx?q=a',
  ],
]
const urn = 'urn:Example:files'

t.test('a resource is found however it is spelled, and the token carries what was registered', async t => {
  const { service } = await machines(t)
  await addClient(service, { clientId: 'files', audiences: [api, registered, urn] })
  const client = ['files', secret] as const
  const signIn = (resource: string) =>
    service.token({ grant_type: 'password', username: 'alice', password, resource }, { client })
  for (const resource of same) {
    const { body } = await signIn(resource)
    t.equal(claimsOf(body.access_token).aud, registered, resource)
    const again = { grant_type: 'refresh_token', refresh_token: body.refresh_token, resource: `${api}/` }
    t.equal(claimsOf((await service.token(again, { client })).body.access_token).aud, api)
  }
  const near = ['URN:Example:files', 'urn:example:files', `${urn}/`, 'urn:Example:f%69les']
  for (const resource of [...different, ...near]) isError(t, await signIn(resource), [400, 'invalid_target'])
})

t.test('a machine asks for it and an exchange does, by resource, by audience and by both', async t => {
  const { service, ask, exchange, make } = await machines(t)
  const { api_key: key } = await make({ more: ['--audience', 'https://SHOP.example.com:443'] })
  t.equal(claimsOf((await ask({ resource: 'https://SHOP.example.com/' })).body.access_token).aud, shop)
  for (const form of [
    {},
    { resource: `${shop}/` },
    { audience: 'HTTPS://shop.example.com' },
    { resource: `${shop}:443`, audience: `${shop}/.` },
  ])
    t.equal(claimsOf((await exchange(key, form)).body.access_token).aud, shop, JSON.stringify(form))
  for (const form of [{ resource: `${api}/` }, { resource: shop, audience: `${shop}/v1` }])
    isError(t, await exchange(key, form), [400, 'invalid_target'])
  await service.clients.update('worker', { audiences: [`${shop}/`] }, byTest)
  t.equal(claimsOf((await ask({ resource: shop })).body.access_token).aud, `${shop}/`, 'as it is registered now')
})

t.test('who introspects for an audience learns of tokens and keys for it, however each is spelled', async t => {
  const { service, ask, introspect, make } = await machines(t)
  const { access_token: access } = (await ask({ resource: shop })).body
  const { api_key: key } = await make({ more: ['--audience', `${shop}/`] })
  await addClient(service, { clientId: 'reader', grants: [], introspect: ['https://SHOP.example.com'] })
  await addClient(service, { clientId: 'other', grants: [], introspect: [`${shop}/v1`] })
  t.match((await introspect(access, ['reader', secret])).body, { active: true, aud: shop })
  t.match((await introspect(key, ['reader', secret])).body, { active: true, aud: ['https://SHOP.example.com'] })
  for (const token of [access, key]) t.same((await introspect(token, ['other', secret])).body, { active: false })
})

t.test('Signet is one audience for its own API, and none for an API key, however it is spelled', async t => {
  const { service, make, exchange, refuses, as, device } = await machines(t)
  const own = service.issuer.replace('http:', 'HTTP:')
  const spellings = [`${service.issuer}/`, own, `${own}/.`, `${service.issuer}/a/..`]
  await addClient(service, { clientId: 'portal', audiences: [api, own] })
  const client = ['portal', secret] as const
  for (const resource of [service.issuer, ...spellings]) {
    const form = { grant_type: 'password', username: 'alice', password, resource }
    const { access_token: access } = (await service.token(form, { client })).body
    t.equal(claimsOf(access).aud, own)
    t.equal((await request(`${service.issuer}/me`, { headers: { authorization: `Bearer ${access}` } })).status, 200)
  }
  const says = /^An API key gives no token for Signet itself\.\n$/
  const words = ['api-keys', 'create', '--user', 'alice', '--name', 'ci', '--scope', 'posts:read', '--audience']
  await refuses(spellings.map(spelling => ({ words: [...words, spelling], code: 1, says })))
  const here = await device()
  const form = { name: 'mine', scope: 'posts:read' }
  for (const audience of spellings)
    isError(t, await as(here, 'POST', '/me/api-keys', { form: { ...form, audience } }), [422, 'invalid_request'])
  await service.clients.update('broker', { audiences: [own] }, byTest)
  const { api_key: key } = await make()
  isError(t, await exchange(key, {}, { client: ['broker', secret] }), [400, 'invalid_target'])
})

t.test('a key is made for an audience once, and has the spelling of the client through which it is made', async t => {
  const { refuses, as, device } = await machines(t)
  const says = /^Two of the audiences are one in two spellings: give it once\.\n$/
  const words = ['api-keys', 'create', '--user', 'alice', '--name', 'ci', '--scope', 'posts:read', '--audience', api]
  await refuses(
    [`${api}/`, 'https://API.example.com'].map(other => ({ words: [...words, '--audience', other], code: 1, says })),
  )
  const here = await device()
  const form = { name: 'mine', scope: 'posts:read' }
  isError(t, await as(here, 'POST', '/me/api-keys', { form: { ...form, audience: `${api} ${api}/` } }), [
    422,
    'invalid_request',
  ])
  const made = await as(here, 'POST', '/me/api-keys', { form: { ...form, audience: 'https://API.example.com:443/' } })
  t.match(made, { status: 201, body: { audiences: [api] } })
  const beyond = { ...form, audience: `${api}/v1` }
  isError(t, await as(here, 'POST', '/me/api-keys', { form: beyond }), [400, 'invalid_target'])
})

t.test('a client with two spellings, from before, goes on with each of them', async t => {
  const { service, clock } = await machines(t)
  const two = [api, `${api}/`]
  const { client } = await addClient(service, { clientId: 'older', grants: ['password', 'refresh_token', EXCHANGE] })
  change(service.databaseFile, 'update clients set audiences = ? where id = ?', JSON.stringify(two), client.id)
  // What is kept of a client is read again when something changes.
  await service.clients.update('older', { scope: ['posts:read'] }, byTest)
  for (const resource of two) {
    const form = { grant_type: 'password', username: 'alice', password, resource }
    const first = await service.token(form, { client: ['older', secret] })
    t.equal(claimsOf(first.body.access_token).aud, resource)
    clock.advance(1000)
    const again = { grant_type: 'refresh_token', refresh_token: first.body.refresh_token }
    t.equal(claimsOf((await service.token(again, { client: ['older', secret] })).body.access_token).aud, resource)
  }
  const other = { grant_type: 'password', username: 'alice', password, resource: 'https://API.example.com' }
  t.equal(claimsOf((await service.token(other, { client: ['older', secret] })).body.access_token).aud, api)
})
