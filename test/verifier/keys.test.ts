import { createHash } from 'node:crypto'
import t from 'tap'
import { type Jwks, leavesOut, numberOf, rsaKey, takes } from '../support/hostile-keys.ts'
import { forge, testBench } from '../support/hostile-tokens.ts'
import type { Json } from '../support/issuer.ts'

const strong = rsaKey(2048)
const { privateKey } = strong
const jwk = strong.jwk as Json
const modulus = numberOf(jwk, 'n')
const exponent = numberOf(jwk, 'e')

/** The same key with another value of one member, under names that show it. */
const withMember = (name: string, values: readonly unknown[]): Jwks =>
  Object.fromEntries(
    values.map(value => [
      `${name} ${value === undefined ? 'absent' : JSON.stringify(value).slice(0, 60)}`,
      { ...jwk, [name]: value },
    ]),
  )

t.test('an RSA key has 2048 bits or more, of which none are leading zeros', async t => {
  for (const bits of [512, 1024, 2047]) {
    const weak = rsaKey(bits)
    const n = numberOf(weak.jwk as Json, 'n')
    const padded = Buffer.concat([Buffer.alloc(256 - n.length), n])
    await leavesOut(t, {
      privateKey: weak.privateKey,
      jwks: {
        [`${bits} bits`]: weak.jwk as Json,
        [`${bits} bits, with zeros to be as long as 2048`]: { ...weak.jwk, n: padded.toString('base64url') },
        [`${bits} bits, with zeros to be longer`]: {
          ...weak.jwk,
          n: Buffer.concat([Buffer.alloc(256), n]).toString('base64url'),
        },
      },
    })
  }
  for (const bits of [2048, 2049, 3072]) {
    const { jwk, privateKey } = rsaKey(bits)
    await takes(t, { privateKey, jwks: { [`${bits} bits`]: jwk as Json } })
  }
})

t.test('the exponent of an RSA key is odd and 65537 or more', async t => {
  for (const e of [3, 17, 65535]) {
    const weak = rsaKey(2048, e)
    await leavesOut(t, { privateKey: weak.privateKey, jwks: { [`the exponent ${e}`]: weak.jwk as Json } })
  }
  const other = (e: readonly number[]) => ({ ...jwk, e: Buffer.from(e).toString('base64url') })
  await leavesOut(t, {
    privateKey,
    jwks: {
      '0': other([0]),
      '1': other([1]),
      '2': other([2]),
      '65536': other([1, 0, 0]),
      '65538': other([1, 0, 2]),
      'even and long': other([1, 0, 0, 0, 0, 0, 0, 0, 2]),
      '65537 with a leading zero': other([0, 1, 0, 1]),
      '3 with leading zeros': other([0, 0, 0, 3]),
    },
  })
  const { privateKey: signs, jwk: published } = rsaKey(2048, 65539)
  await takes(t, { privateKey: signs, jwks: { '65539': published as Json } })
})

t.test('a key with the exponent 1, for which anybody can sign, is not used', async t => {
  const key = { ...strong, kid: 'e is 1' }
  const bench = await testBench(t, {}, issuer => [issuer.key.jwk, { ...jwk, e: 'AQ', kid: key.kid }])
  const prefix = Buffer.from('3031300d060960864801650304020105000420', 'hex')
  const forged = forge(bench, key, {}, input => {
    const info = Buffer.concat([prefix, createHash('sha256').update(input).digest()])
    return Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(256 - 3 - info.length, 0xff), Buffer.from([0]), info])
  })
  await bench.refuses('unknown_key', { 'the block in the place of its signature': forged })
})

t.test('the numbers of an RSA key are base64url, in the one form that they have', async t => {
  const n = modulus.toString('base64url')
  const e = exponent.toString('base64url')
  const lastOfN = n.slice(-1)
  await leavesOut(t, {
    privateKey,
    jwks: {
      ...withMember('n', [undefined, null, '', 1, true, [n], { n }]),
      ...withMember('e', [undefined, null, '', 65537, '65537', true, [e], 'AQA', 'AQAB=', 'AQAB\n', ' AQAB', 'A', '!']),
      'n with a leading zero': { ...jwk, n: Buffer.concat([Buffer.alloc(1), modulus]).toString('base64url') },
      'n with padding': { ...jwk, n: `${n}==` },
      'n with half of its padding': { ...jwk, n: `${n}=` },
      'n with a line feed': { ...jwk, n: `${n}\n` },
      'n with lines': { ...jwk, n: n.replace(/.{64}/g, '$&\r\n') },
      'n with a space before': { ...jwk, n: ` ${n}` },
      'n in the other alphabet': { ...jwk, n: modulus.toString('base64') },
      'n in the other alphabet, without padding': { ...jwk, n: modulus.toString('base64').replaceAll('=', '') },
      'n with unused bits': { ...jwk, n: n.slice(0, -1) + String.fromCharCode(lastOfN.charCodeAt(0) + 1) },
      'n with a letter too many': { ...jwk, n: `${n}AAA` },
      'n with an exclamation mark': { ...jwk, n: `${n}!` },
    },
  })
})

t.test('use is sig, alg is RS256 and key_ops has verify, or they are absent', async t => {
  await takes(t, {
    privateKey,
    jwks: {
      'kty, n and e alone': jwk,
      ...withMember('use', ['sig']),
      ...withMember('alg', ['RS256']),
      ...withMember('key_ops', [['verify'], ['verify', 'encrypt'], ['sign', 'verify']]),
      ...withMember('ext', [true]),
      ...withMember('x5c', [['MIIB']]),
      ...withMember('x5u', ['https://attacker.example/']),
      ...withMember('exp', [0]),
      'all of them': { ...jwk, use: 'sig', alg: 'RS256', key_ops: ['verify'] },
    },
  })
  await leavesOut(t, {
    privateKey,
    jwks: {
      ...withMember('use', [null, '', 'enc', 'SIG', 'Sig', 'sig ', 'signature', 'verify', 1, true, ['sig'], {}]),
      ...withMember('alg', [
        ...[null, '', 'RS384', 'RS512', 'PS256', 'RS1', 'rs256', 'RS256 ', 'none', 'HS256', 'ES256', 'EdDSA'],
        ...['RSA-OAEP', 'RSA-OAEP-256', 'RSA1_5', 256, true, ['RS256'], {}],
      ]),
      ...withMember('key_ops', [
        ...[null, '', 'verify', 1, true, {}, { verify: true }, { 0: 'verify', length: 1 }],
        ...[[], ['sign'], ['encrypt'], ['VERIFY'], ['Verify'], ['verify '], [null], [['verify']], ['wrapKey', 'sign']],
      ]),
      'use sig, but key_ops for encryption': { ...jwk, use: 'sig', key_ops: ['encrypt'] },
      'key_ops verify, but use enc': { ...jwk, use: 'enc', key_ops: ['verify'] },
    },
  })
})

t.test('a key of another type is left out, and one that is published with its private half', async t => {
  const secret = privateKey.export({ format: 'jwk' }) as Json
  const halves = ['d', 'p', 'q', 'dp', 'dq', 'qi']
  await leavesOut(t, {
    privateKey,
    jwks: {
      ...withMember('kty', [undefined, null, '', 'rsa', 'Rsa', 'RSA ', 'RSA-PSS', 'EC', 'OKP', 'oct', 1, ['RSA']]),
      ...withMember('kty', ['toString', '__proto__']),
      ...withMember('crv', ['P-256', '', null]),
      'a secret': { kty: 'oct', k: modulus.toString('base64url') },
      'a secret for HS256': { kty: 'oct', alg: 'HS256', k: modulus.toString('base64url') },
      'a secret that is RSA, too': { ...jwk, k: 'c2VjcmV0' },
      'the private key': secret,
      ...Object.fromEntries(halves.map(name => [`with ${name}`, { ...jwk, [name]: secret[name] }])),
      'with further primes': { ...jwk, oth: [] },
      'with d as null': { ...jwk, d: null },
      'nothing but a kid': {},
    },
  })
})
