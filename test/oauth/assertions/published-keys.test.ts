/** Sets of keys as others publish them, with some in them that verify nothing; of both kinds. */
import { createHmac, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import {
  addIssuer,
  addTrust,
  addWorker,
  clientClaims,
  newKey,
  present,
  type TestKey,
  workloadClaims,
} from '../../support/assertions.ts'
import { testClock } from '../../support/clock.ts'
import { sign } from '../../support/hostile-assertions.ts'
import { encode, type Json } from '../../support/issuer.ts'
import { byTest, serve } from '../../support/serve.ts'

const clock = testClock()
const uri = 'https://keys.example.com/'
let set: unknown
const fetch = () => async () => new TextEncoder().encode(JSON.stringify(set))
const service = await serve(t, { clock, faults: { fetch } })
await addWorker(service)
await service.clients.addKey('worker', { jwksUri: uri }, byTest)
const good = newKey('ES256', 'good')
await addIssuer(service, good, { keySource: { kind: 'jwks_uri', uri } })
await addWorker(service, 'job')
await addTrust(service, 'job')

/** The answers to what is signed so, by the client itself and by its workload. */
const answersTo = async (signed: (claims: Json) => string) => [
  (await present(service, signed(clientClaims(service, clock.now())))).status,
  (await present(service, signed(workloadClaims(service, clock.now())), { client_id: 'job' })).status,
]
const publish = (...keys: readonly unknown[]) => {
  set = { keys }
  clock.advance(600_000)
}

function rsa(modulusLength: number, publicExponent = 65537): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent })
  return {
    alg: 'RS256',
    kid: 'bad',
    privateKey,
    publicKey,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'bad' },
  }
}

const bad = newKey('ES256', 'bad')
const { kid: _, ...nameless } = bad.jwk
const small = rsa(1024)
const cheap = rsa(2048, 3)
const large = rsa(2048)

/** Keys as they are published, and who signs by them. */
const useless: Readonly<Record<string, readonly [signer: TestKey, published: unknown, header?: Json]>> = {
  'of 1024 bits': [small, small.jwk],
  'with the exponent 3': [cheap, cheap.jwk],
  'with its private half': [bad, { ...bad.privateKey.export({ format: 'jwk' }), kid: 'bad' }],
  'for encryption': [bad, { ...bad.jwk, use: 'enc' }],
  'of a bundle of SPIFFE': [bad, { ...bad.jwk, use: 'jwt-svid' }],
  'for certificates': [bad, { ...bad.jwk, use: 'x509-svid' }],
  'to sign with': [bad, { ...bad.jwk, key_ops: ['sign'] }],
  'for another algorithm': [bad, { ...bad.jwk, alg: 'ES384' }],
  'for RS512': [large, { ...large.jwk, alg: 'RS512' }],
  'for PS256, by RS256': [large, { ...large.jwk, alg: 'PS256' }],
  'without a kid': [bad, nameless],
  'without a kid, where none is named': [bad, nameless, { kid: undefined, alg: 'RS256' }],
  'with an empty kid': [bad, { ...bad.jwk, kid: '' }, { kid: '' }],
  'with a number as kid': [bad, { ...bad.jwk, kid: 7 }, { kid: 7 }],
  'whose numbers are another point': [bad, { ...bad.jwk, y: bad.jwk.x }],
}

t.test('a key that should not be there verifies nothing, and is not in the way of the others', async t => {
  for (const [title, [signer, published, header]] of Object.entries(useless)) {
    publish(published, good.jwk)
    t.same(await answersTo(claims => sign(signer, claims, header)), [401, 401], title)
    t.same(await answersTo(claims => sign(good, claims)), [200, 200], `${title}, beside it`)
  }
  publish({ kty: 'oct', kid: 'bad', k: Buffer.from('secret').toString('base64url') }, good.jwk)
  const hmac = (claims: Json) => {
    const input = `${encode({ alg: 'HS256', kid: 'bad', typ: 'JWT' })}.${encode(claims)}`
    return `${input}.${createHmac('sha256', 'secret').update(input).digest('base64url')}`
  }
  t.same(await answersTo(hmac), [401, 401], 'a symmetric one')
  publish({ ...bad.jwk, kid: 'same' }, { ...newKey().jwk, kid: 'same' }, good.jwk)
  t.same(await answersTo(claims => sign({ ...bad, kid: 'same' }, claims)), [401, 401], 'two of one name')
})

t.test('what is no set leaves those in use that are known; a set without a key of use leaves none', async t => {
  const many = Array.from({ length: 101 }, (_, at) => ({ ...bad.jwk, kid: `${at}` }))
  const none = { text: 'x', nothing: null, 'a list': [bad.jwk], 'one key': bad.jwk, 'too many': { keys: many } }
  const statusesAfter = async (document: unknown) => {
    publish(good.jwk)
    t.same(await answersTo(claims => sign(good, claims)), [200, 200])
    set = document
    clock.advance(600_000)
    t.same(await answersTo(claims => sign(bad, claims)), [401, 401])
    return answersTo(claims => sign(good, claims))
  }
  for (const [title, document] of Object.entries({ ...none, 'keys by name': { keys: { bad: bad.jwk } } }))
    t.same(await statusesAfter(document), [200, 200], title)
  for (const keys of [[], [small.jwk]]) t.same(await statusesAfter({ keys }), [401, 401])
})

t.test('without a kid a token fits exactly one published key, and a workload must name it', async t => {
  publish(good.jwk, { ...large.jwk, kid: 'rsa' })
  t.same(await answersTo(claims => sign(good, claims, { kid: undefined })), [200, 401])
  publish(good.jwk, newKey().jwk)
  t.same(await answersTo(claims => sign(good, claims, { kid: undefined })), [401, 401])
})

t.test('a key of RSA that names no algorithm is for RS256', async t => {
  const named = { ...large, kid: 'rsa' }
  publish({ ...large.jwk, kid: 'rsa' })
  t.same(await answersTo(claims => sign(named, claims)), [200, 200])
  t.same(await answersTo(claims => sign(named, claims, { alg: 'PS256' })), [401, 401])
})

t.test(
  'in a bundle of SPIFFE only the keys for JWT-SVIDs verify; in a set that a trust domain publishes, the usual ones',
  async t => {
    const sub = 'spiffe://example.org/a'
    const sources = { bundle: { kind: 'bundle_uri', uri }, set: { kind: 'jwks_uri', uri: `${uri}oidc` } } as const
    for (const [name, keySource] of Object.entries(sources)) {
      await addIssuer(service, good, { url: null, trustDomain: 'example.org', keySource }, name)
      await addWorker(service, `in-${name}`)
      await addTrust(service, `in-${name}`, [{ name: 'sub', value: sub }], name)
    }
    const statuses = async (use: string | undefined) => {
      publish({ ...good.jwk, use })
      const token = sign(good, workloadClaims(service, clock.now(), { sub, iss: undefined }))
      const ask = async (clientId: string) => (await present(service, token, { client_id: clientId })).status
      return [await ask('in-bundle'), await ask('in-set')]
    }
    t.same(await statuses('jwt-svid'), [200, 401])
    t.same(await statuses(undefined), [401, 200])
    t.same(await statuses('sig'), [401, 200])
    t.same(await statuses('x509-svid'), [401, 401])
  },
)
