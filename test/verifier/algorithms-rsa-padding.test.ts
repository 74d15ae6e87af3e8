import {
  constants,
  createHash,
  createPublicKey,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  sign,
} from 'node:crypto'
import t from 'tap'
import { forge, testBench } from '../support/hostile-tokens.ts'

/*
 * RSASSA-PKCS1-v1_5 signs a block: 00 01 FF…FF 00 and then the DER of a DigestInfo (RFC 8017 §9.2). Blocks that a lenient parser
 * takes for such a one have led to forgeries. These are signed with the issuer's own key, so that only the block is wrong.
 */

const SIZE = 256
const bytes = (...parts: readonly (Buffer | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map(part => Buffer.from(part)))
const times = (count: number, byte: number): Buffer => Buffer.alloc(count, byte)

/** A value of DER with a length of one byte. */
const der = (tag: number, ...content: readonly (Buffer | readonly number[])[]): Buffer => {
  const inside = bytes(...content)
  return bytes([tag, inside.length], inside)
}

const oids = {
  sha256: der(0x06, [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]),
  sha384: der(0x06, [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02]),
  sha1: der(0x06, [0x2b, 0x0e, 0x03, 0x02, 0x1a]),
}
const nothing = der(0x05)
const digestInfo = (digest: Buffer, oid: Buffer = oids.sha256, ...parameters: readonly Buffer[]): Buffer =>
  der(0x30, der(0x30, oid, ...(parameters.length > 0 ? parameters : [nothing])), der(0x04, digest))

/** The block, padded to the size of the key. */
const block = (info: Buffer, { start = [0, 1] as readonly number[], end = [0] as readonly number[] } = {}): Buffer =>
  bytes(start, times(SIZE - start.length - end.length - info.length, 0xff), end, info)

/** The block with little padding, so that there is room for anything behind (Bleichenbacher, 2006). */
const shortBlock = (padding: number, info: Buffer, filler = 0): Buffer =>
  bytes([0, 1], times(padding, 0xff), [0], info, times(SIZE - 3 - padding - info.length, filler))

function blocks(digest: Buffer): Readonly<Record<string, Buffer>> {
  const info = digestInfo(digest)
  const algorithm = der(0x30, oids.sha256, nothing)
  const octets = der(0x04, digest)
  const withoutLength = info.subarray(2)
  const right = block(info)
  const changed = (at: number, byte: number) => bytes(right.subarray(0, at), [byte], right.subarray(at + 1))
  const lastOfPadding = SIZE - info.length - 2

  return {
    'little padding and zeros behind': shortBlock(8, info),
    'little padding and ones behind': shortBlock(8, info, 0xff),
    'hardly any padding and zeros behind': shortBlock(1, info),
    'no padding and zeros behind': shortBlock(0, info),
    'one zero behind': block(bytes(info, [0])),
    'a NULL behind': block(bytes(info, nothing)),
    'the DigestInfo twice': block(bytes(info, info)),
    'a DigestInfo of something else before': block(bytes(digestInfo(times(32, 1)), info)),
    'block type 0': changed(1, 0),
    'block type 2': changed(1, 2),
    'a first byte that is not zero': changed(0, 1),
    'no first byte': block(info, { start: [1] }),
    'two zeros first': block(info, { start: [0, 0, 1] }),
    'a zero in the padding': changed(10, 0),
    'another byte in the padding': changed(10, 0xfe),
    'another byte at the start of the padding': changed(2, 0x7f),
    'another byte at the end of the padding': changed(lastOfPadding, 0xfe),
    'padding of random bytes': bytes([0, 2], times(lastOfPadding - 1, 0xa5), [0], info),
    'nothing between padding and DigestInfo': block(info, { end: [] }),
    'two zeros between padding and DigestInfo': block(info, { end: [0, 0] }),
    'another byte between padding and DigestInfo': block(info, { end: [1] }),
    'the digest alone': block(digest),
    'the digest in an octet string alone': block(octets),
    'no DigestInfo': block(bytes()),
    'the digest cut short': block(digestInfo(digest.subarray(0, 31))),
    'the first byte of the digest only': block(digestInfo(digest.subarray(0, 1))),
    'an empty digest': block(digestInfo(bytes())),
    'no digest': block(der(0x30, algorithm)),
    'a byte before the digest': block(digestInfo(bytes([0], digest))),
    'a byte behind the digest': block(digestInfo(bytes(digest, [0]))),
    'a digest with one other bit': block(digestInfo(bytes(digest.subarray(0, 31), [(digest[31] ?? 0) ^ 1]))),
    'no parameters': block(der(0x30, der(0x30, oids.sha256), octets)),
    'an octet string as parameters': block(digestInfo(digest, oids.sha256, der(0x04))),
    'a NULL of one byte as parameters': block(digestInfo(digest, oids.sha256, der(0x05, [0]))),
    'parameters full of anything': block(digestInfo(digest, oids.sha256, der(0x04, times(40, 0xa5)))),
    'two NULLs as parameters': block(digestInfo(digest, oids.sha256, nothing, nothing)),
    'SHA-1 by name': block(digestInfo(digest, oids.sha1)),
    'SHA-1 by name, and as long as that': block(digestInfo(digest.subarray(0, 20), oids.sha1)),
    'SHA-384 by name': block(digestInfo(digest, oids.sha384)),
    'no name of a digest': block(der(0x30, der(0x30, nothing), octets)),
    'no algorithm': block(der(0x30, octets)),
    'digest and algorithm in the other order': block(der(0x30, octets, algorithm)),
    'a set instead of a sequence': block(bytes([0x31], info.subarray(1))),
    'a sequence around it': block(der(0x30, info)),
    'a bit string instead of an octet string': block(der(0x30, algorithm, der(0x03, [0], digest))),
    'an octet string in two pieces': block(
      der(0x30, algorithm, der(0x24, der(0x04, digest.subarray(0, 16)), der(0x04, digest.subarray(16)))),
    ),
    'a length of two bytes': block(bytes([0x30, 0x81, withoutLength.length], withoutLength)),
    'a length with a leading zero': block(bytes([0x30, 0x82, 0, withoutLength.length], withoutLength)),
    'a length of two bytes within': block(der(0x30, algorithm, bytes([0x04, 0x81, 32], digest))),
    'an indefinite length': block(bytes([0x30, 0x80], withoutLength, [0, 0])),
    'a length that is too small': block(bytes([0x30, withoutLength.length - 1], withoutLength)),
    'a length that is too large': block(bytes([0x30, withoutLength.length + 1], withoutLength)),
    'a length that overflows': block(bytes([0x30, 0x85, 1, 0, 0, 0, withoutLength.length], withoutLength)),
    'an empty sequence before': block(bytes(der(0x30), info)),
    'an unused element behind': block(der(0x30, algorithm, octets, nothing)),
  }
}

const raw = (privateKey: KeyObject, padded: Buffer): Buffer =>
  privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, padded)

t.test('the block that is signed is the one that RFC 8017 gives, byte for byte', async t => {
  const bench = await testBench(t)
  const { key } = bench.issuer
  const digestOf = (input: Buffer): Buffer => createHash('sha256').update(input).digest()
  const withBlock = (make: (digest: Buffer) => Buffer) =>
    forge(bench, key, {}, input => raw(key.privateKey, make(digestOf(input))))

  await bench.accepts({ 'the block of RFC 8017, made by hand': withBlock(digest => block(digestInfo(digest))) })
  for (const title of Object.keys(blocks(times(32, 0))))
    await bench.refuses('bad_signature', { [title]: withBlock(digest => blocks(digest)[title] ?? bytes()) })
})

const toInteger = (octets: Buffer): bigint => BigInt(`0x${octets.toString('hex')}`)
const toBytes = (value: bigint, size: number): Buffer => Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex')

t.test('a signature is one number below the modulus, in as many bytes', async t => {
  const bench = await testBench(t)
  const { key } = bench.issuer
  const n = toInteger(Buffer.from(String(key.jwk.n), 'base64url'))
  const made = (change: (signature: Buffer) => Buffer) =>
    forge(bench, key, {}, input => change(sign('sha256', input, key.privateKey)))
  const always = (value: bigint) => made(() => toBytes(value, SIZE))

  await bench.accepts({ 'a signature': made(signature => signature) })
  await bench.refuses('bad_signature', {
    nothing: made(() => bytes()),
    'a zero byte': made(() => bytes([0])),
    '0': always(0n),
    '1': always(1n),
    '2': always(2n),
    'the modulus less 1': always(n - 1n),
    'the modulus': always(n),
    'the modulus and 1': always(n + 1n),
    'the largest number': made(() => times(SIZE, 0xff)),
    'a zero before': made(signature => bytes([0], signature)),
    'a zero behind': made(signature => bytes(signature, [0])),
    'the first byte gone': made(signature => signature.subarray(1)),
    'the last byte gone': made(signature => signature.subarray(0, -1)),
    twice: made(signature => bytes(signature, signature)),
    half: made(signature => signature.subarray(0, SIZE / 2)),
    'in the other order': made(signature => Buffer.from(signature).reverse()),
    negated: made(signature => toBytes(n - toInteger(signature), SIZE)),
    'with the modulus added, a byte longer': made(signature => toBytes(n + toInteger(signature), SIZE + 1)),
    'what it verifies': made(signature =>
      publicDecrypt({ key: createPublicKey(key.privateKey), padding: constants.RSA_NO_PADDING }, signature),
    ),
    'one bit changed in the first byte': made(signature => bytes([(signature[0] ?? 0) ^ 1], signature.subarray(1))),
    'one bit changed in the last byte': made(signature =>
      bytes(signature.subarray(0, -1), [(signature[SIZE - 1] ?? 0) ^ 1]),
    ),
  })
})

t.test(
  'a signature that begins with a zero keeps it, and one that has room for the modulus more is not that one',
  async t => {
    const bench = await testBench(t)
    const { key } = bench.issuer
    const n = toInteger(Buffer.from(String(key.jwk.n), 'base64url'))

    const found = tokenWhose(bench, signature => signature[0] === 0)
    await bench.accepts({ 'with its zero': found.token })
    await bench.refuses('bad_signature', { 'without its zero': found.withSignature(found.signature.subarray(1)) })

    const small = tokenWhose(bench, signature => toInteger(signature) + n < 2n ** 2048n)
    await bench.accepts({ 'as it is': small.token })
    await bench.refuses('bad_signature', {
      'with the modulus added': small.withSignature(toBytes(toInteger(small.signature) + n, SIZE)),
    })
  },
)

/** The first of many tokens with such a signature. */
function tokenWhose({ issuer }: Awaited<ReturnType<typeof testBench>>, fits: (signature: Buffer) => boolean) {
  for (let number = 1; ; number += 1) {
    const token = issuer.token({ jti: `token_${number}` })
    const end = token.lastIndexOf('.') + 1
    const signature = Buffer.from(token.slice(end), 'base64url')
    if (fits(signature))
      return {
        token,
        signature,
        withSignature: (other: Buffer) => token.slice(0, end) + other.toString('base64url'),
      }
  }
}
