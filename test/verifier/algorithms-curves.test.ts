import { sign } from 'node:crypto'
import t, { type Test } from 'tap'
import { forge, testBench } from '../support/hostile-tokens.ts'
import { type Algorithm, createSigningKey } from '../support/issuer.ts'

/** The order of the group of P-256 (FIPS 186-4, D.1.2.3) and of Ed25519 (RFC 8032 §5.1). */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const L = 2n ** 252n + 27742317777372353535851937790883648493n
const SIZE = 32

const toInteger = (octets: Buffer): bigint => BigInt(`0x${octets.toString('hex')}`)
const toBytes = (value: bigint, size = SIZE): Buffer => Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex')
const join = (...parts: readonly (Buffer | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map(part => Buffer.from(part)))

async function benchOf(t: Test, alg: Algorithm) {
  const key = await createSigningKey(alg)
  const bench = await testBench(t, { algorithms: [alg] }, () => [key.jwk])
  const { privateKey } = key
  const signature = (input: Buffer): Buffer =>
    alg === 'EdDSA'
      ? sign(null, input, privateKey)
      : sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  /** A token whose signature was changed, in its two halves. */
  const made = (change: (first: Buffer, second: Buffer) => Buffer) =>
    forge(bench, key, {}, input => {
      const both = signature(input)
      return change(both.subarray(0, SIZE), both.subarray(SIZE))
    })
  return { ...bench, made, privateKey, signed: (signer: (input: Buffer) => Buffer) => forge(bench, key, {}, signer) }
}

t.test('an ES256 signature is R and S side by side, 32 bytes each, and no other encoding', async t => {
  const { accepts, refuses, made, signed, privateKey } = await benchOf(t, 'ES256')

  await accepts({ 'R and S': made((r, s) => join(r, s)) })
  await refuses('bad_signature', {
    'DER (as X.509 has it)': signed(input => sign('sha256', input, privateKey)),
    'DER, cut to 64 bytes': signed(input => sign('sha256', input, privateKey).subarray(0, 64)),
    'S and R': made((r, s) => join(s, r)),
    'a zero before': made((r, s) => join([0], r, s)),
    'a zero behind': made((r, s) => join(r, s, [0])),
    'a zero before each': made((r, s) => join([0], r, [0], s)),
    'each with sixteen zeros before, as P-384 has room': made((r, s) => join(toBytes(0n, 16), r, toBytes(0n, 16), s)),
    'zeros behind': made((r, s) => join(r, s, toBytes(0n, 64))),
    'the first byte gone': made((r, s) => join(r.subarray(1), s)),
    'the last byte gone': made((r, s) => join(r, s.subarray(0, -1))),
    'R alone': made(r => r),
    'R twice': made(r => join(r, r)),
    nothing: made(() => join()),
    'in the other order of bytes': made((r, s) => join(Buffer.from(r).reverse(), Buffer.from(s).reverse())),
    'in hexadecimal': made((r, s) => Buffer.from(join(r, s).toString('hex'))),
    'ES384’s digest': signed(input => sign('sha384', input, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
    'SHA-1’s digest': signed(input => sign('sha1', input, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
  })
})

t.test('R and S of an ES256 signature lie between 1 and the order less 1', async t => {
  const { refuses, made } = await benchOf(t, 'ES256')
  const borders = { '0': 0n, '1': 1n, 'n - 1': N - 1n, n: N, 'n + 1': N + 1n, 'the largest': 2n ** 256n - 1n }

  for (const [nameOfR, r] of Object.entries(borders)) {
    for (const [nameOfS, s] of Object.entries(borders))
      await refuses('bad_signature', {
        [`R is ${nameOfR}, S is ${nameOfS}`]: made(() => join(toBytes(r), toBytes(s))),
      })
    await refuses('bad_signature', {
      [`R is ${nameOfR}, S is right`]: made((_r, s) => join(toBytes(r), s)),
      [`R is right, S is ${nameOfR}`]: made(good => join(good, toBytes(r))),
    })
  }
  await refuses('bad_signature', {
    'R and the order, a byte longer': made((r, s) => join(toBytes(toInteger(r) + N, 33), toBytes(toInteger(s), 33))),
    'S and the order, a byte longer': made((r, s) => join(toBytes(toInteger(r), 33), toBytes(toInteger(s) + N, 33))),
    'R from the order': made((r, s) => join(toBytes(N - toInteger(r)), s)),
  })
})

t.test('an EdDSA signature is the one that RFC 8032 gives', async t => {
  const { accepts, refuses, made } = await benchOf(t, 'EdDSA')
  const littleEndian = (octets: Buffer): bigint => toInteger(Buffer.from(octets).reverse())
  const toLittleEndian = (value: bigint): Buffer => toBytes(value).reverse()
  const point = (first: number, last = 0): Buffer => join([first], Buffer.alloc(SIZE - 2), [last])

  await accepts({ 'as it is': made((r, s) => join(r, s)) })
  await refuses('bad_signature', {
    'S and the order': made((r, s) => join(r, toLittleEndian(littleEndian(s) + L))),
    'S and eight times the order': made((r, s) => join(r, toLittleEndian(littleEndian(s) + 8n * L))),
    'S negated': made((r, s) => join(r, toLittleEndian(L - littleEndian(s)))),
    'S is 0': made(r => join(r, point(0))),
    'S is the order': made(r => join(r, toLittleEndian(L))),
    'all zero': made(() => join(point(0), point(0))),
    'R is the neutral point, S is 0': made(() => join(point(1), point(0))),
    'R is the neutral point': made((_r, s) => join(point(1), s)),
    'R is no point': made((_r, s) => join(point(2), s)),
    'the sign of R': made((r, s) => join(r.subarray(0, -1), [(r[SIZE - 1] ?? 0) ^ 0x80], s)),
    'S and R': made((r, s) => join(s, r)),
    'a zero before': made((r, s) => join([0], r, s)),
    'a zero behind': made((r, s) => join(r, s, [0])),
    'the last byte gone': made((r, s) => join(r, s.subarray(0, -1))),
    'R alone': made(r => r),
    nothing: made(() => join()),
    'as long as Ed448 has it': made((r, s) => join(r, s, Buffer.alloc(50))),
  })
})
