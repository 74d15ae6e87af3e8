/** Which client a request with an assertion comes from, by which method it proves itself, and where it may. */
import t from 'tap'
import {
  addIssuer,
  addKey,
  addTrust,
  addWorker,
  clientClaims,
  jwtBearer,
  jwtSpiffe,
  newKey,
  present,
  workloadClaims,
} from '../../support/assertions.ts'
import { addClient, visible } from '../../support/clients.ts'
import { sign } from '../../support/hostile-assertions.ts'
import { addAlice, api, basic, byTest, claimsOf, password, secret, serve } from '../../support/serve.ts'
import { auditedBy } from '../../support/sqlite.ts'
import { isRevoked, statusIn } from '../../support/status-list.ts'

const key = newKey()
const bundle = { keys: [{ ...key.jwk, use: 'jwt-svid' }] }
const fetch = () => async () => new TextEncoder().encode(JSON.stringify(bundle))
const service = await serve(t, { faults: { fetch } })
await addAlice(service)
await addIssuer(service, key)
const keySource = { kind: 'bundle_uri', uri: 'https://spire.example.org/bundle' } as const
await addIssuer(service, key, { url: null, trustDomain: 'example.org', keySource }, 'spire')
await addWorker(service)
await addKey(service, key)
await addTrust(service)

type Form = Readonly<Record<string, string>>
const own = (more: object = {}) => sign(key, clientClaims(service, Date.now(), { ...more }))
const workloads = (more: object = {}) => sign(key, workloadClaims(service, Date.now(), { ...more }))
const svid = (path: string) => workloads({ iss: undefined, sub: `spiffe://example.org/${path}`, aud: [service.issuer] })
const proof = (assertion: string, type = jwtBearer): Form => ({
  client_assertion: assertion,
  client_assertion_type: type,
})
const ask = (form: Form, authorization?: string) =>
  service.token({ grant_type: 'client_credentials', ...form }, { ...(authorization && { headers: { authorization } }) })

const unauthenticated = { status: 401, body: { error: 'invalid_client' } }
const malformed = { status: 400, body: { error: 'invalid_request' } }
const naming = (clientId: string) => basic([clientId, ''])

t.test('the form names it, or a Basic header with an empty password, and both agree', async t => {
  t.equal((await ask({ ...proof(workloads()), client_id: 'worker' })).status, 200)
  t.equal((await ask(proof(workloads()), naming('worker'))).status, 200)
  t.equal((await ask({ ...proof(own()), client_id: 'worker' }, naming('worker'))).status, 200)
  t.equal((await ask(proof(own()), 'Bearer of-something-else')).status, 200, 'another scheme says nothing')
  t.match(await ask({ ...proof(own()), client_id: 'worker' }, naming('web-app')), malformed)
  t.match(await ask({ ...proof(own()), client_id: 'web-app' }, naming('worker')), malformed)
  const wrong = [
    await ask({ ...proof(own()), client_id: 'web-app' }),
    await ask({ ...proof(own()), client_id: 'nobody' }),
    await ask(proof(workloads()), naming('web-app')),
    await ask(proof(workloads())),
    await ask(proof(own({ iss: 'nobody', sub: 'nobody' }))),
    await ask({ ...proof(own({ iss: 'nobody', sub: 'nobody' })), client_id: 'nobody' }),
  ]
  for (const answer of wrong) t.match(answer, unauthenticated)
  t.equal(
    new Set(wrong.map(answer => JSON.stringify(visible(answer)))).size,
    1,
    'nobody learns which clients there are',
  )
})

t.test('of a JWT-SVID it is the one active client that trusts its subject', async t => {
  await addWorker(service, 'one')
  await addTrust(service, 'one', [{ name: 'sub', value: 'spiffe://example.org/a' }], 'spire')
  const without = (path: string, type = jwtSpiffe) => ask(proof(svid(path), type))
  const { id } = await service.clients.find('one')
  const subOf = async (path: string) => claimsOf((await without(path)).body.access_token).sub
  t.equal(await subOf('a'), id)
  t.match(await without('b'), unauthenticated)
  t.match(await without('a', jwtBearer), unauthenticated, 'by its own type alone')
  await addWorker(service, 'two')
  const two = { name: 'environment', value: 'x' }
  await addTrust(service, 'two', [{ name: 'sub', value: 'spiffe://example.org/a' }, two], 'spire')
  t.match(await without('a'), unauthenticated, 'two trust it')
  t.equal((await ask({ ...proof(svid('a'), jwtSpiffe), client_id: 'one' })).status, 200, 'one is named')
  t.equal((await ask(proof(svid('a'), jwtSpiffe), naming('one'))).status, 200)
  await service.clients.setStatus('two', 'disabled', byTest)
  t.equal(await subOf('a'), id, 'the other one is not active')
})

t.test('whatever a client trusts in a trust domain, its tokens speak of somebody there', async t => {
  await addWorker(service, 'anybody')
  await addTrust(service, 'anybody', [{ name: 'environment', value: 'x' }], 'spire')
  const statusOf = async (claims: object, type: string) =>
    (await ask({ ...proof(workloads({ environment: 'x', ...claims }), type), client_id: 'anybody' })).status
  const others = ['spiffe://example.org', 'spiffe://example.org.evil/a', 'SPIFFE://example.org/a', 'spiffe://evil/', '']
  for (const type of [jwtSpiffe, jwtBearer]) {
    for (const sub of [...others, 1, null, ['spiffe://example.org/a'], undefined])
      t.equal(await statusOf({ sub }, type), 401, `${sub}`)
    for (const iss of [undefined, 'https://spire.example.org'])
      t.equal(await statusOf({ sub: 'spiffe://example.org/a', iss }, type), 200, `of ${iss}`)
  }
  await service.issuers.update('spire', { url: 'https://spire.example.org' }, byTest)
  for (const [iss, status] of [
    ['https://spire.example.org', 200],
    [undefined, 200],
    ['https://spire.example.org/', 401],
    [null, 401],
  ] as const)
    t.equal(await statusOf({ sub: 'spiffe://example.org/a', iss }, jwtSpiffe), status, `where one is given, ${iss}`)
})

t.test('what is no JWT-SVID is none under its type', async t => {
  t.match(await ask({ ...proof(own(), jwtSpiffe), client_id: 'worker' }), unauthenticated)
  t.match(await ask({ ...proof(workloads(), jwtSpiffe), client_id: 'worker' }), unauthenticated)
})

t.test('it is one method of several, and both its parameters belong together', async t => {
  await service.clients.addSecret('worker', { name: undefined, secret, ttlSeconds: undefined }, byTest)
  t.match(await ask(proof(own()), basic(['worker', secret])), malformed)
  t.match(await ask(proof(own()), basic(['worker', 'wrong'])), malformed)
  t.match(await ask({ ...proof(own()), client_id: 'worker', client_secret: secret }), malformed)
  t.equal((await ask({ ...proof(own()), client_id: 'worker', client_secret: '' })).status, 200, 'no value is no secret')
  t.equal((await ask({}, basic(['worker', secret]))).status, 200, 'a secret works beside a key and a trust')
  const { client_assertion, client_assertion_type } = proof(own()) as Required<Form>
  for (const alone of [
    { client_assertion },
    { client_assertion_type },
    { client_assertion: '', client_assertion_type },
  ])
    t.match(await ask({ client_id: 'worker', ...(alone as Form) }), malformed, Object.keys(alone).join())
  const types = [
    'x',
    jwtBearer.toUpperCase(),
    `${jwtBearer} `,
    'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
  ]
  for (const type of types) t.match(await ask({ ...proof(own(), type), client_id: 'worker' }), unauthenticated, type)
  t.match(await ask({ ...proof(own()), client_id: 'worker' }), { status: 200 }, 'nothing of it was in the way')
})

t.test('it works at each endpoint at which clients authenticate, and with each grant', async t => {
  await addClient(service, {
    clientId: 'resource',
    secret: null,
    grants: [],
    scope: [],
    audiences: [],
    introspect: [api],
  })
  await addKey(service, key, 'resource')
  await addClient(service, { clientId: 'portal', secret: null })
  await addKey(service, key, 'portal')
  const by = (clientId: string, form: Form) => ({ form: { ...form, ...proof(own({ iss: clientId, sub: clientId })) } })
  const signedIn = await service.get(
    '/oauth/token',
    by('portal', { grant_type: 'password', username: 'alice', password }),
  )
  t.match([signedIn.status, signedIn.body.expires_in <= 60], [200, true], signedIn.text)
  const { refresh_token } = signedIn.body
  const refreshed = await service.get('/oauth/token', by('portal', { grant_type: 'refresh_token', refresh_token }))
  t.equal(refreshed.status, 200)
  const token: string = refreshed.body.access_token
  const isActive = async () => (await service.get('/oauth/introspect', by('resource', { token }))).body.active
  t.equal(await isActive(), true)
  const used = by('resource', { token })
  t.equal((await service.get('/oauth/introspect', used)).status, 200)
  t.match(await service.get('/oauth/introspect', used), unauthenticated, 'once, at whichever endpoint')
  t.match(await service.token({ grant_type: 'client_credentials', ...used.form }), unauthenticated)
  t.match(await service.get('/oauth/revoke', by('worker', { token: refreshed.body.refresh_token })), { status: 400 })
  t.equal(await isActive(), true, "another client's revocation does nothing")
  t.match(await service.get('/oauth/revoke', by('portal', { token: refreshed.body.refresh_token })), { status: 200 })
  t.equal(await isActive(), false)
  const form = { token: 'x', client_id: 'worker', ...proof(workloads()) }
  t.equal((await service.get('/oauth/revoke', { form })).status, 200, "a workload's token, too")
  t.equal(
    (await service.get('/oauth/revoke', { form: { ...form, client_assertion: workloads({ sub: 'x' }) } })).status,
    401,
  )
})

t.test('a public client proves nothing, by whatever', async t => {
  const signIn = { grant_type: 'password', username: 'alice', password, client_id: 'spa' }
  t.equal((await service.token(signIn)).status, 200)
  t.match(await service.token({ ...signIn, ...proof(own({ iss: 'spa', sub: 'spa' })) }), unauthenticated)
  t.match(await service.token({ ...signIn, ...proof(workloads()) }), unauthenticated)
})

t.test('while a client is disabled, and when it is deleted, nothing proves it', async t => {
  await addWorker(service, 'ended')
  await addTrust(service, 'ended')
  await addKey(service, key, 'ended')
  const token = workloads()
  const both = async () => [
    await present(service, token, { client_id: 'ended' }),
    await present(service, own({ iss: 'ended', sub: 'ended' }), {}),
  ]
  const given = (await both()).map(({ body }) => body.access_token)
  const end = async (status: 'disabled' | 'deleted') => {
    const events = await auditedBy(service, async () => {
      await service.clients.setStatus('ended', status, byTest)
      for (const answer of await both()) t.match(answer, unauthenticated, status)
    })
    t.same(events.at(-1), `client.authenticate failure ${status === 'deleted' ? 'unknown_client' : 'client_disabled'}`)
  }
  await end('disabled')
  const ended = async () => Promise.all(given.map(access => isRevoked(statusIn(access))))
  t.same(await ended(), [true, true])
  await service.clients.setStatus('ended', 'active', byTest)
  for (const answer of await both())
    t.match([answer.status, await isRevoked(statusIn(answer.body.access_token))], [200, false])
  t.same(await ended(), [true, true], 'what was ended stays so')
  await end('deleted')
})

t.test('a page has neither a key of a client nor a token of a workload', async t => {
  const headers = { origin: 'https://evil.example.com' }
  for (const form of [proof(own()), proof(svid('a'), jwtSpiffe), proof(workloads())])
    t.match(await service.token({ grant_type: 'client_credentials', ...form }, { headers }), { status: 403 })
})
