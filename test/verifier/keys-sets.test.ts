import t from 'tap'
import { each, testBench } from '../support/hostile-tokens.ts'
import { createSigningKey, type Json, startIssuer } from '../support/issuer.ts'
import { verifierFor } from '../support/resource-callers.ts'

const one = await createSigningKey()
const other = await createSigningKey()
const elliptic = await createSigningKey('ES256')

t.test('of two keys with one kid none is used, whatever they are and in whatever order', async t => {
  const { jwk } = one
  const sets: Readonly<Record<string, readonly object[]>> = {
    'two keys': [jwk, other.jwk],
    'the other way round': [other.jwk, jwk],
    'one key, twice': [jwk, jwk],
    'one key, published in two ways': [jwk, { ...jwk, use: undefined }],
    'three keys': [jwk, other.jwk, jwk],
    'a key of a type that is not used': [jwk, elliptic.jwk],
    'a key of a type that is not used, first': [elliptic.jwk, jwk],
    'a key for encryption': [jwk, { ...other.jwk, use: 'enc', alg: 'RSA-OAEP' }],
    'a secret': [{ kty: 'oct', k: 'c2VjcmV0' }, jwk],
    'what is no key': [{}, jwk],
  }
  const named = Object.entries(sets).flatMap(([kid, keys]) => keys.map(key => ({ ...key, kid })))
  // All the first ones, the good one, and then those that have the same kid.
  const firstOnes = Object.keys(sets).map(kid => named.find(key => key.kid === kid))
  const { issuer, events, accepts, refuses } = await testBench(t, {}, ({ key }) => [
    ...firstOnes,
    key.jwk,
    ...named.filter(jwk => !firstOnes.includes(jwk)),
  ])

  const told = events.flatMap(event => (event.type === 'key_left_out' ? [event.kid] : []))
  t.same(told.sort(), named.map(({ kid }) => kid).sort(), 'it is told of each')
  for (const kid of Object.keys(sets))
    await refuses('unknown_key', {
      [`${kid}: signed with the one`]: issuer.token({}, { kid }, one),
      [`${kid}: signed with the other`]: issuer.token({}, { kid }, other),
    })
  await accepts({ 'a key beside them': issuer.token() })
})

t.test('kids that differ in one character are those of two keys', async t => {
  const kids = ['a', 'A', 'a ', ' a', 'á', 'a\u0301', '1', '01', '__proto__', 'constructor', '😀', 'x'.repeat(500)]
  const { issuer, events, accepts } = await testBench(t, {}, () => kids.map(kid => ({ ...one.jwk, kid })))

  await accepts(each(kids, kid => issuer.token({}, { kid }, one)))
  t.same(events, [])
})

t.test('a key without a kid is left out, and is tried for no token', async t => {
  const kids = [undefined, null, '', 0, 1, true, ['kid'], { kid: 'kid' }]
  const { issuer, events, accepts, refuses } = await testBench(t, {}, ({ key }) => [
    ...kids.map(kid => ({ ...one.jwk, kid })),
    key.jwk,
  ])

  t.same(
    events.map(event => event.type === 'key_left_out' && event.kid),
    kids.map(() => undefined),
    'it is told of each',
  )
  await refuses(
    'unknown_key',
    each(['0', '1', 'null', 'undefined', 'true', 'kid', '[object Object]'], kid => issuer.token({}, { kid }, one)),
  )
  await refuses(
    'malformed',
    each(kids, kid => issuer.token({}, { kid }, one)),
  )
  await accepts({ 'the key that has one': issuer.token() })
})

t.test('what is no object in the keys is left out, and the keys beside it go on', async t => {
  const strangers = [null, '', 'key', JSON.stringify(one.jwk), 0, 1, true, false, [], [one.jwk], { keys: [one.jwk] }]
  const { issuer, events, accepts, refuses } = await testBench(t, {}, ({ key }) => [
    ...strangers,
    key.jwk,
    ...strangers,
    other.jwk,
  ])

  t.equal(events.filter(({ type }) => type === 'key_left_out').length, 2 * strangers.length)
  await accepts({ 'one key': issuer.token(), 'the other': issuer.token({}, {}, other) })
  await refuses('unknown_key', { 'the key within': issuer.token({}, {}, one) })
})

t.test('a document that is no JWK Set, that can be read in two ways or has no usable key is none', async t => {
  const { use: _use, ...bare } = one.jwk
  const sound = JSON.stringify({ keys: [one.jwk] })
  const documents: Readonly<Record<string, string | Buffer>> = {
    nothing: '',
    'a word': 'keys',
    null: 'null',
    'an array': JSON.stringify([one.jwk]),
    'one key': JSON.stringify(one.jwk),
    'a PEM': one.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    'no keys': '{}',
    'keys that are null': '{"keys":null}',
    'keys that are an object': JSON.stringify({ keys: { 0: one.jwk, length: 1 } }),
    'keys that are one key': JSON.stringify({ keys: one.jwk }),
    'an empty set': '{"keys":[]}',
    'a set of none': '{"keys":[null]}',
    'a key for encryption alone': JSON.stringify({ keys: [{ ...bare, use: 'enc' }] }),
    'one key twice': JSON.stringify({ keys: [one.jwk, one.jwk] }),
    'keys twice': `${sound.slice(0, -1)},"keys":${JSON.stringify([one.jwk])}}`,
    'keys twice, with an escape': `{"\\u006beys":[],${sound.slice(1)}`,
    'keys of the prototype': `{"__proto__":${sound}}`,
    'a byte order mark': `\ufeff${sound}`,
    'UTF-16': Buffer.from(sound, 'utf16le'),
    'bytes that are never UTF-8': Buffer.concat([
      Buffer.from(`${sound.slice(0, -1)},"x":"`),
      Buffer.from([0xff, 0x22, 0x7d]),
    ]),
    'something behind': `${sound}x`,
    'a signed set': `${Buffer.from(sound).toString('base64url')}.e30.`,
  }
  const issuer = await startIssuer(t)
  for (const [title, body] of Object.entries(documents)) {
    issuer.publish(issuer.jwksPath, { body })
    const verifier = verifierFor(t, { issuer: issuer.issuer })
    await t.rejects(verifier.verify(issuer.token({}, {}, one)), { code: 'unavailable' }, title)
    t.equal(verifier.health().status, 'unavailable')
  }
})

t.test('a set says more than keys, and the keys say more than they must', async t => {
  const issuer = await startIssuer(t)
  const jwk: Json = { ...one.jwk, x5c: ['MIIB'], nbf: 0, exp: 1, oidc: { a: [1] } }
  issuer.publish(issuer.jwksPath, {
    body: ` ${JSON.stringify({ $schema: 'x', keys: [jwk], more: [] }, undefined, 2)}\n`,
  })
  const verifier = verifierFor(t, { issuer: issuer.issuer })

  t.match(await verifier.verify(issuer.token({}, {}, one)), { sub: 'user_1' })
})
