/** private_key_jwt (RFC 7523 §2.2): whose assertion it is, and with which key. */
import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import {
  addKey,
  addTrust,
  addWorker,
  clientClaims,
  newKey,
  present,
  signed,
  type TestKey,
} from '../../support/assertions.ts'
import { hostileBench, type Kind, sign } from '../../support/hostile-assertions.ts'
import { each } from '../../support/hostile-tokens.ts'
import type { Json } from '../../support/issuer.ts'
import { claimsOf } from '../../support/serve.ts'

const bench = await hostileBench(t)
const { clock, keys, service } = bench
const [own] = bench.kinds as [(typeof bench.kinds)[number]]
const claims = (more: Json = {}) => clientClaims(service, clock.now(), more)

/** Another client, with these keys. */
async function client(clientId: string, ...its: readonly TestKey[]) {
  const { client: added } = await addWorker(service, clientId)
  for (const key of its) await addKey(service, key, clientId)
  const kind: Kind = {
    ...own,
    name: clientId,
    present: assertion => present(service, assertion, { client_id: clientId }),
  }
  return { id: added.id, kind }
}
const of = (clientId: string, more: Json = {}) => claims({ iss: clientId, sub: clientId, ...more })

t.test('its jti is a text of 1 to 256 characters', async t => {
  const jtis = [undefined, null, '', 'x'.repeat(257), 1, true, ['x'], {}]
  await bench.refuses(
    t,
    own,
    'assertion_without_jti',
    each<unknown, string>(jtis, jti => sign(keys.ec, claims({ jti }))),
  )
  await bench.accepts(
    t,
    own,
    each(['x', 'x'.repeat(256), ' ', '🦊'], jti => sign(keys.ec, claims({ jti }))),
  )
})

t.test('it speaks of the client that signed it', async t => {
  const shared = newKey('ES256', 'shared')
  await addKey(service, shared)
  await addTrust(service, 'worker')
  const twin = await client('twin', shared)
  const subjects = ['twin', 'Worker', '', twin.id, undefined, null, ['worker'], { worker: true }]
  await bench.refuses(
    t,
    own,
    'wrong_subject',
    each<unknown, string>(subjects, sub => sign(shared, claims({ sub }))),
  )
  // As a workload's it is tried, and nobody trusts a client.
  await bench.refuses(t, own, 'unknown_issuer', {
    "another client's, with a key that both have": sign(shared, of('twin')),
    'of another, about this one': sign(shared, of('twin', { sub: 'worker' })),
    'of nobody': sign(shared, claims({ iss: undefined })),
    'of a list': sign(shared, claims({ iss: ['worker'] })),
  })
  await bench.refuses(t, twin.kind, 'no_key_or_trust', { "the other client's": sign(shared, claims()) })
  const { body } = await present(service, sign(shared, of('twin')), {})
  t.equal(claimsOf(body.access_token).sub, twin.id, 'where nothing else names the client, it is that which signed')
  t.equal((await present(service, sign(shared, claims({ sub: 'twin' })), {})).status, 401)
})

t.test('a client proves nothing by the key of another', async t => {
  const { kind } = await client('alone', newKey('ES256', keys.ec.kid))
  await bench.refuses(t, kind, 'wrong_signature', { 'with a key of the same name': sign(keys.ec, of('alone')) })
  await bench.refuses(t, kind, 'unknown_key', { 'with a key of another name': sign(keys.rsa, of('alone')) })
  const { kind: without } = await client('without')
  await bench.refuses(t, without, 'no_key_or_trust', { 'without any key': sign(keys.ec, of('without')) })
})

t.test('without a kid exactly one of its keys must fit', async t => {
  const noKid = { kid: undefined }
  const [one, two] = [newKey('ES256', 'one'), newKey('ES256', 'two')]
  const { kind } = await client('few', one, newKey('ES384', 'other'))
  await bench.accepts(t, kind, { 'the one of its algorithm': sign(one, of('few'), noKid) })
  await bench.refuses(t, kind, 'unknown_key', { 'none of its algorithm': sign(keys.rsa, of('few'), noKid) })
  await addKey(service, two, 'few')
  await bench.refuses(t, kind, 'ambiguous_key', {
    'two of its algorithm': sign(one, of('few'), noKid),
    'the other of them': sign(two, of('few'), noKid),
  })
  await bench.accepts(t, kind, { 'named, the one': sign(one, of('few')), 'named, the other': sign(two, of('few')) })
})

t.test(
  'a key that was registered without a kid fits whatever the assertion calls it, unless another has the name',
  async t => {
    const nameless = newKey('ES256')
    const { kid: _, ...jwk } = nameless.jwk
    const { kind } = await client('nameless')
    await addKey(service, { ...nameless, jwk } as unknown as TestKey, 'nameless')
    await bench.accepts(
      t,
      kind,
      each(['x', undefined, nameless.kid], kid => sign(nameless, of('nameless'), { kid })),
    )
    const named = newKey('ES256', 'named')
    await addKey(service, named, 'nameless')
    await bench.accepts(t, kind, { 'with the name': sign(named, of('nameless')) })
    await bench.refuses(t, kind, 'wrong_signature', {
      'with the name of another': sign(nameless, of('nameless'), { kid: 'named' }),
    })
  },
)

const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const

t.test('the algorithm is the one of the key, and each that the metadata names works', async t => {
  const { body } = await service.get('/.well-known/oauth-authorization-server')
  for (const endpoint of ['token', 'revocation', 'introspection'])
    t.same(body[`${endpoint}_endpoint_auth_signing_alg_values_supported`], algorithms)
  for (const alg of algorithms) await worksFor(t, alg)
})

async function worksFor(t: Test, alg: (typeof algorithms)[number]): Promise<void> {
  const key = newKey(alg)
  const withAlg = { ...key, jwk: { ...key.jwk, alg } }
  const clientId = `client-${alg}`
  const { kind } = await client(clientId, withAlg)
  await bench.accepts(t, kind, { [alg]: await signed(key, of(clientId, { jti: randomUUID() })) })
}

t.test('an access token does not outlive the assertion', async t => {
  for (const [left, lifetime] of [
    [30.75, 30],
    [3600, 600],
    [1, 1],
  ] as const) {
    const exp = clock.now() / 1000 + left
    const { body } = await own.present(sign(keys.ec, claims({ exp })))
    t.equal(body.expires_in, lifetime)
    const { iat, exp: until } = claimsOf(body.access_token)
    t.equal(until - iat, lifetime)
    t.ok(until <= exp)
  }
})
