import { generateKeyPairSync } from 'node:crypto'
import type { JWK } from 'jose'
import t from 'tap'
import { leavesOut, numberOf, takes } from '../support/hostile-keys.ts'
import { createSigningKey, type Json } from '../support/issuer.ts'

const bare = ({ kty, crv, x, y }: JWK): Json => ({ kty, crv, x, ...(y !== undefined && { y }) })

const elliptic = await createSigningKey('ES256')
const edwards = await createSigningKey('EdDSA')
const point = bare(elliptic.jwk)
const octets = bare(edwards.jwk)

const base64url = (bytes: Buffer): string => bytes.toString('base64url')
const zeros = (count: number): Buffer => Buffer.alloc(count)
/** The prime of the field of P-256 (FIPS 186-4, D.1.2.3). */
const PRIME = Buffer.from('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff', 'hex')

const generated = (curve: string): Json =>
  bare(generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({ format: 'jwk' }) as JWK)

t.test('a key for ES256 is a point of P-256, in two numbers of 32 bytes', async t => {
  const x = numberOf(point, 'x')
  const y = numberOf(point, 'y')
  const offCurve = Buffer.from(y)
  offCurve[31] = (offCurve[31] ?? 0) ^ 1

  await takes(t, {
    ...elliptic,
    jwks: {
      'the point alone': point,
      'with all that a key may say': { ...point, use: 'sig', alg: 'ES256', key_ops: ['verify'] },
    },
  })
  await leavesOut(t, {
    ...elliptic,
    jwks: {
      'a point that is not on the curve': { ...point, y: base64url(offCurve) },
      'x and y the other way round': { ...point, x: point['y'], y: point['x'] },
      'the origin': { ...point, x: base64url(zeros(32)), y: base64url(zeros(32)) },
      'x beyond the field': { ...point, x: base64url(PRIME) },
      'all bits set': { ...point, x: base64url(Buffer.alloc(32, 0xff)), y: base64url(Buffer.alloc(32, 0xff)) },
      'no x': { ...point, x: undefined },
      'no y': { ...point, y: undefined },
      'an empty x': { ...point, x: '' },
      'an empty y': { ...point, y: '' },
      'x as a number': { ...point, x: 1 },
      'x with a leading zero': { ...point, x: base64url(Buffer.concat([zeros(1), x])) },
      'y with a leading zero': { ...point, y: base64url(Buffer.concat([zeros(1), y])) },
      'y with a trailing zero': { ...point, y: base64url(Buffer.concat([y, zeros(1)])) },
      'x without its last byte': { ...point, x: base64url(x.subarray(0, 31)) },
      'the whole point in x': { ...point, x: base64url(Buffer.concat([Buffer.from([4]), x, y])) },
      'a compressed point in x': { ...point, x: base64url(Buffer.concat([Buffer.from([2]), x])), y: undefined },
      padding: { ...point, x: `${point['x']}=` },
      'a line feed': { ...point, y: `${point['y']}\n` },
      'the private key': elliptic.privateKey.export({ format: 'jwk' }) as Json,
      'P-384 by name': { ...point, crv: 'P-384' },
      'secp256k1 by name': { ...point, crv: 'secp256k1' },
      'a curve in small letters': { ...point, crv: 'p-256' },
      'a curve by another name': { ...point, crv: 'prime256v1' },
      'no curve': { ...point, crv: undefined },
      'Ed25519 by name': { ...point, crv: 'Ed25519' },
      'another type': { ...point, kty: 'OKP' },
      'a key of P-384': generated('P-384'),
      'a key of P-521': generated('P-521'),
      'a key of secp256k1': generated('secp256k1'),
      'a key of secp256k1 by the name of P-256': { ...generated('secp256k1'), crv: 'P-256' },
      'for ES384': { ...point, alg: 'ES384' },
      'for ES256K': { ...point, alg: 'ES256K' },
      'for RS256': { ...point, alg: 'RS256' },
      'for key agreement': { ...point, alg: 'ECDH-ES' },
      'for encryption': { ...point, use: 'enc' },
      'to derive keys': { ...point, key_ops: ['deriveKey'] },
    },
  })
})

t.test('a key for EdDSA is 32 bytes of Ed25519', async t => {
  const x = numberOf(octets, 'x')
  const okp = (pair: { readonly publicKey: { export(options: { format: 'jwk' }): unknown } }): Json =>
    bare(pair.publicKey.export({ format: 'jwk' }) as JWK)

  await takes(t, {
    ...edwards,
    jwks: {
      'the bytes alone': octets,
      'with all that a key may say': { ...octets, use: 'sig', alg: 'EdDSA', key_ops: ['verify'] },
    },
  })
  await leavesOut(t, {
    ...edwards,
    jwks: {
      'no x': { ...octets, x: undefined },
      'an empty x': { ...octets, x: '' },
      'x as a number': { ...octets, x: 1 },
      '31 bytes': { ...octets, x: base64url(x.subarray(0, 31)) },
      '33 bytes': { ...octets, x: base64url(Buffer.concat([x, zeros(1)])) },
      'a leading zero': { ...octets, x: base64url(Buffer.concat([zeros(1), x])) },
      padding: { ...octets, x: `${octets['x']}=` },
      'the private key': edwards.privateKey.export({ format: 'jwk' }) as Json,
      'X25519 by name': { ...octets, crv: 'X25519' },
      'Ed448 by name': { ...octets, crv: 'Ed448' },
      'a curve in small letters': { ...octets, crv: 'ed25519' },
      'no curve': { ...octets, crv: undefined },
      'another type': { ...octets, kty: 'EC' },
      'a key of X25519': okp(generateKeyPairSync('x25519')),
      'a key of X448': okp(generateKeyPairSync('x448')),
      'a key of Ed448': okp(generateKeyPairSync('ed448')),
      'for ES256': { ...octets, alg: 'ES256' },
      'for key agreement': { ...octets, alg: 'ECDH-ES' },
      'for encryption': { ...octets, use: 'enc' },
      'to sign only': { ...octets, key_ops: ['sign'] },
    },
  })
})
