import t from 'tap'
import {
  addIssuer,
  addKey,
  addTrust,
  addWorker,
  clientClaims,
  jwtSpiffe,
  newKey,
  present,
  signed,
  workload,
  workloadClaims,
} from '../../support/assertions.ts'
import { rowsOf } from '../../support/audit.ts'
import { byTest, claimsOf, serve } from '../../support/serve.ts'

t.test(
  "a workload's own token gets an access token of the client that trusts it, and the audit says which",
  async t => {
    const service = await serve(t)
    const key = newKey('RS256')
    await addIssuer(service, key)
    const { client } = await addWorker(service)
    const { added } = await addTrust(service)
    const token = await signed(key, workloadClaims(service, Date.now(), { exp: Math.floor(Date.now() / 1000) + 300 }))
    const first = await present(service, token)
    t.equal(first.status, 200, first.text)
    t.equal(claimsOf(first.body.access_token).sub, client.id)
    t.ok(first.body.expires_in <= 300, 'it does not outlive the assertion')
    const again = await present(service, token)
    t.equal(again.status, 200, 'it may be presented as long as it lives')
    await service.writeEvents()
    const events = rowsOf(service.databaseFile).filter(({ type }) => type === 'client.grant')
    t.equal(events.length, 1, 'told of once')
    t.match(events[0], { outcome: 'success', target: added.id })
    t.match(JSON.parse(events[0]?.details ?? ''), { sub: workload.sub, claims: workload })
  },
)

t.test('private_key_jwt: a registered key proves who the client is, once', async t => {
  const service = await serve(t)
  const key = newKey('ES384')
  await addWorker(service)
  await addKey(service, key)
  const assertion = await signed(key, clientClaims(service, Date.now()))
  const first = await present(service, assertion, {})
  t.equal(first.status, 200, service.log())
  const again = await present(service, assertion)
  t.match([again.status, again.body.error], [401, 'invalid_client'])
})

t.test('a key of Ed25519 signs under either name of its algorithm, whichever it was registered with', async t => {
  const service = await serve(t)
  const names = ['EdDSA', 'Ed25519']
  for (const registered of [undefined, ...names]) {
    const [key, clientId] = [newKey('EdDSA'), `worker-${registered}`]
    await addWorker(service, clientId)
    await addKey(service, { ...key, jwk: { ...key.jwk, ...(registered && { alg: registered }) } }, clientId)
    for (const alg of names) {
      const claims = clientClaims(service, Date.now(), { iss: clientId, sub: clientId })
      t.equal((await present(service, await signed(key, claims, { alg }), {})).status, 200, `${registered}, ${alg}`)
    }
  }
  const { body } = await service.get('/.well-known/oauth-authorization-server')
  t.same(body.token_endpoint_auth_signing_alg_values_supported.slice(-2), names)
})

t.test('SPIFFE: the one client that trusts the subject, without a client_id', async t => {
  const key = newKey('ES256')
  const bundle = { keys: [{ ...key.jwk, use: 'jwt-svid' }], spiffe_sequence: 1 }
  const fetch = () => async () => new TextEncoder().encode(JSON.stringify(bundle))
  const service = await serve(t, { faults: { fetch } })
  const keySource = { kind: 'bundle_uri', uri: 'https://spire.example.org/bundle' } as const
  await addIssuer(service, key, { url: null, trustDomain: 'example.org', keySource }, 'spire')
  await addWorker(service)
  const sub = 'spiffe://example.org/ns/default/sa/worker'
  await addTrust(service, 'worker', [{ name: 'sub', value: sub }], 'spire')
  const { iss: _, jti: __, ...claims } = workloadClaims(service, Date.now(), { sub, aud: [service.issuer] })
  const token = await signed(key, claims)
  t.equal((await present(service, token, { client_assertion_type: jwtSpiffe })).status, 200)
  t.equal((await present(service, token)).status, 200)
  await service.issuers.remove('spire', byTest)
  t.equal((await present(service, token)).status, 401, 'the issuer is gone')
  t.equal((await service.clients.find('worker')).trusts.length, 0, 'and its trusts with it')
})
