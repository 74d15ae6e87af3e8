import t from 'tap'
import { addClient } from '../support/clients.ts'
import { addAlice, byTest, claimsOf, password, secret, serve } from '../support/serve.ts'
import { everythingIn } from '../support/sqlite.ts'

const service = await serve(t)
await addAlice(service)
const [posts, files, later] = ['https://posts.example.com', 'https://files.example.com/v1', 'urn:example:later']
const audiences = [posts, files, service.issuer]
await addClient(service, { clientId: 'portal', audiences })

const token = (form: Readonly<Record<string, string>>, resource: string | undefined, clientId: string) =>
  service.token({ ...form, ...(resource !== undefined && { resource }) }, { client: [clientId, secret] })
const signIn = (resource?: string, clientId = 'portal') =>
  token({ grant_type: 'password', username: 'alice', password }, resource, clientId)
const refresh = (refreshToken: string, resource?: string, clientId = 'portal') =>
  token({ grant_type: 'refresh_token', refresh_token: refreshToken }, resource, clientId)

const audienceOf = ({ body }: Awaited<ReturnType<typeof token>>) => claimsOf(body.access_token).aud
const invalidTarget = {
  status: 400,
  text: '{"error":"invalid_target","error_description":"The resource is not one that this client may use."}',
}

t.test('without resource the one audience is the first of the client', async t => {
  t.equal(audienceOf(await signIn()), posts)
})

t.test('resource selects one audience of the client, the issuer like any other', async t => {
  for (const resource of audiences) t.equal(audienceOf(await signIn(resource)), resource)
})

t.test('any other resource is invalid_target, however near', async t => {
  const others = ['https://api.example.com', `${posts}//`, `${posts}#x`, files.toUpperCase(), ' ']
  for (const resource of others) t.match(await signIn(resource), invalidTarget, resource)
  // They could be names of audiences, for which nobody can ask.
  const isNoUri = { status: 400, body: { error: 'invalid_target', error_description: /is an absolute URI/ } }
  for (const resource of ['/v1', 'x', '*']) t.match(await signIn(resource), isNoUri, resource)
})

t.test('a client that does not list the issuer gets no token for it', async t => {
  t.match(await signIn(service.issuer, 'web-app'), invalidTarget)
})

t.test('invalid_target is answered before a password is looked at', async t => {
  const before = everythingIn(service.databaseFile)
  const wrong = { grant_type: 'password', username: 'alice', password: 'wrong', resource: 'https://x.test' }
  t.match(await service.token(wrong, { client: ['portal', secret] }), invalidTarget)
  t.same(everythingIn(service.databaseFile), before)
})

t.test('two resources are invalid_target, also when they are equal or one is empty', async t => {
  for (const second of [files, posts, '']) {
    const form = new URLSearchParams({ grant_type: 'password', username: 'alice', password, resource: posts })
    form.append('resource', second)
    const answer = await service.token(form.toString(), { client: ['portal', secret] })
    t.match(answer, { status: 400, body: { error: 'invalid_target' } }, second)
  }
})

t.test('a refresh may ask for another audience, and without resource has that of the sign-in', async t => {
  const first = await signIn(files)
  const other = await refresh(first.body.refresh_token, posts)
  t.equal(audienceOf(other), posts)
  const again = await refresh(other.body.refresh_token)
  t.equal(audienceOf(again), files)
  t.equal(audienceOf(await refresh(again.body.refresh_token, service.issuer)), service.issuer)
})

t.test('invalid_target at a refresh consumes nothing: the refresh token works afterwards', async t => {
  const { refresh_token } = (await signIn()).body
  const before = everythingIn(service.databaseFile)
  t.match(await refresh(refresh_token, 'https://x.test'), invalidTarget)
  const doubled = { grant_type: 'refresh_token', refresh_token, resource: posts }
  const form = `${new URLSearchParams(doubled)}&resource=${encodeURIComponent(files)}`
  t.match(await service.token(form, { client: ['portal', secret] }), { body: { error: 'invalid_target' } })
  t.same(everythingIn(service.databaseFile), before)
  t.equal((await refresh(refresh_token)).status, 200)
})

t.test('an audience that the client has lost is gone at the next refresh', async t => {
  await addClient(service, { clientId: 'shrinking', audiences: [posts, files] })
  const first = await signIn(files, 'shrinking')
  await service.clients.update('shrinking', { audiences: [posts] }, byTest)
  t.match(await refresh(first.body.refresh_token, files, 'shrinking'), invalidTarget)
  t.equal(audienceOf(await refresh(first.body.refresh_token, undefined, 'shrinking')), posts)
})

t.test('an audience that the client got after the sign-in needs a new sign-in', async t => {
  await addClient(service, { clientId: 'growing', audiences: [posts] })
  const first = await signIn(posts, 'growing')
  await service.clients.update('growing', { audiences: [later, posts] }, byTest)
  t.match(await refresh(first.body.refresh_token, later, 'growing'), invalidTarget)
  t.equal(audienceOf(await refresh(first.body.refresh_token, undefined, 'growing')), posts)
  t.equal(audienceOf(await signIn(later, 'growing')), later)
})
