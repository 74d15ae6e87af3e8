import { constants, createHash, createHmac, createPublicKey, sign } from 'node:crypto'
import t from 'tap'
import { type Bench, each, forge, testBench } from '../support/hostile-tokens.ts'
import { type Algorithm, createSigningKey, encode, type SigningKey } from '../support/issuer.ts'

const algorithms = ['RS256', 'ES256', 'EdDSA'] as const
const keys = new Map(await Promise.all(algorithms.map(async alg => [alg, await createSigningKey(alg)] as const)))
function keyFor(alg: Algorithm): SigningKey {
  const key = keys.get(alg)
  if (key === undefined) throw new Error(`There is no key for ${alg}.`)
  return key
}

/** An issuer that publishes a key of each type, and a verifier that takes some of them. */
const benchFor = (t: Parameters<typeof testBench>[0], accepted?: readonly Algorithm[]): Promise<Bench> =>
  testBench(t, accepted && { algorithms: accepted }, ({ key }) => [key.jwk, ...algorithms.map(alg => keyFor(alg).jwk)])

t.test('without the option only RS256 counts, whatever keys the issuer publishes', async t => {
  const { issuer, events, accepts, refuses } = await benchFor(t)

  await accepts({ RS256: issuer.token({}, {}, keyFor('RS256')) })
  await refuses('unsupported', {
    ES256: issuer.token({}, {}, keyFor('ES256')),
    EdDSA: issuer.token({}, {}, keyFor('EdDSA')),
  })
  t.same(
    events.map(event => event.type === 'key_left_out' && event.kid).sort(),
    [keyFor('ES256').kid, keyFor('EdDSA').kid].sort(),
    'keys of other types are left out, and that is told',
  )
})

t.test('each algorithm counts when it is asked for, and only then', async t => {
  for (const accepted of [['ES256'], ['EdDSA'], ['RS256', 'ES256'], algorithms] as const) {
    const bench = await benchFor(t, accepted)
    for (const alg of algorithms) {
      const isAccepted = (accepted as readonly string[]).includes(alg)
      const token = bench.issuer.token({}, {}, keyFor(alg))
      t.equal(await bench.verdict(token), isAccepted ? 'accepted' : 'unsupported', `${alg} of ${accepted}`)
    }
  }
})

t.test('an alg that is none of those asked for is unsupported, however well the token is signed', async t => {
  for (const accepted of [undefined, algorithms]) {
    const { issuer, refuses } = await benchFor(t, accepted)
    const key = keyFor('RS256')
    const [header = '', payload = ''] = issuer.token({}, { alg: 'none' }, key).split('.')

    await refuses('unsupported', {
      ...each(
        [
          undefined,
          null,
          '',
          'none',
          'None',
          'NONE',
          'nOnE',
          'none ',
          'rs256',
          'Rs256',
          'RS256 ',
          ' RS256',
          'RS256\0',
          'RS256,none',
          'SHA256withRSA',
          'RSA-SHA256',
          'RSASSA-PKCS1-v1_5',
          'RS1',
          'RS384',
          'RS512',
          'PS256',
          'HS256',
          'ES384',
          'ES512',
          'ES256K',
          'Ed25519',
          'eddsa',
          'RSA1_5',
          'RSA-OAEP',
          'dir',
          '__proto__',
          'constructor',
          'toString',
          0,
          256,
          true,
          ['RS256'],
          { RS256: true },
        ],
        alg => issuer.token({}, { alg }, key),
      ),
      'none, unsigned': `${header}.${payload}.`,
      'none, with a signature that says so': `${header}.${payload}.${encode('none')}`,
    })
  }
})

/** What an attacker has: the public key, in every form in which a careless verifier might take it for a secret. */
function publicForms({ privateKey, jwk, kid }: SigningKey): Readonly<Record<string, Buffer>> {
  const publicKey = createPublicKey(privateKey)
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
  return {
    'the PEM': Buffer.from(pem),
    'the PEM without its last line end': Buffer.from(pem.trim()),
    'the DER': publicKey.export({ format: 'der', type: 'spki' }),
    'the JWK': Buffer.from(JSON.stringify(jwk)),
    'the modulus': Buffer.from(String(jwk.n), 'base64url'),
    'the modulus as text': Buffer.from(String(jwk.n)),
    'the kid': Buffer.from(kid),
    nothing: Buffer.alloc(0),
  }
}

t.test('the public key is no secret: HMACs by it count under no name', async t => {
  const bench = await benchFor(t, algorithms)
  const key = keyFor('RS256')
  for (const [title, secret] of Object.entries(publicForms(key)))
    for (const hash of ['sha256', 'sha384', 'sha512']) {
      const hmac = (input: Buffer) => createHmac(hash, secret).update(input).digest()
      const alg = `HS${hash.slice(3)}`
      await bench.refuses('unsupported', { [`${alg} with ${title}`]: forge(bench, key, { alg }, hmac) })
      await bench.refuses('bad_signature', { [`${alg} with ${title}, as RS256`]: forge(bench, key, {}, hmac) })
    }
})

t.test('a key is used for its own algorithm only', async t => {
  const bench = await benchFor(t, algorithms)
  const { issuer, refuses } = bench
  for (const signer of algorithms)
    for (const alg of algorithms.filter(other => other !== signer)) {
      const { kid } = keyFor(signer)
      await refuses('unknown_key', {
        [`${alg} in the header, signed by ${kid} as ${signer}`]: issuer.token({}, { alg }, keyFor(signer)),
        [`${alg} in the header, signed as that by another key`]: issuer.token({}, { alg, kid }, keyFor(alg)),
      })
      await refuses('bad_signature', {
        [`the key of ${alg}, signed as ${signer}`]: issuer.token({}, { alg, kid: keyFor(alg).kid }, keyFor(signer)),
      })
    }
})

t.test('what is no RS256 signature of the token is refused under that name', async t => {
  const bench = await benchFor(t)
  const key = keyFor('RS256')
  const { privateKey } = key
  const signed = (signer: (input: Buffer) => Buffer) => forge(bench, key, {}, signer)
  const pss = (saltLength: number) =>
    signed(input => sign('sha256', input, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }))

  await bench.accepts({ RS256: signed(input => sign('sha256', input, privateKey)) })
  await bench.refuses('bad_signature', {
    RS384: signed(input => sign('sha384', input, privateKey)),
    RS512: signed(input => sign('sha512', input, privateKey)),
    'RSA with SHA-1': signed(input => sign('sha1', input, privateKey)),
    'RSA with SHA-224': signed(input => sign('sha224', input, privateKey)),
    'RSA with SHA3-256': signed(input => sign('sha3-256', input, privateKey)),
    PS256: pss(32),
    'PS256 without a salt': pss(0),
    'RS256 of the payload alone': signed(input => sign('sha256', input.subarray(input.indexOf('.') + 1), privateKey)),
    'RS256 of the header alone': signed(input => sign('sha256', input.subarray(0, input.indexOf('.')), privateKey)),
    'RS256 of nothing': signed(() => sign('sha256', Buffer.alloc(0), privateKey)),
    'RS256 of the digest': signed(input => sign('sha256', createHash('sha256').update(input).digest(), privateKey)),
    'RS256 of what it holds, decoded': signed(input =>
      sign('sha256', Buffer.from(input.toString().replace('.', ''), 'base64url'), privateKey),
    ),
    'the signature in hexadecimal': signed(input => Buffer.from(sign('sha256', input, privateKey).toString('hex'))),
    'the signature in base64': signed(input => Buffer.from(sign('sha256', input, privateKey).toString('base64'))),
  })
})

t.test('a key of the issuer signs for nobody else', async t => {
  const bench = await benchFor(t, algorithms)
  for (const alg of algorithms) {
    const stranger = await createSigningKey(alg)
    const token = bench.issuer.token({}, {}, { ...stranger, kid: keyFor(alg).kid })
    await bench.refuses('bad_signature', { [`a stranger's ${alg} key under a kid of the issuer`]: token })
    await bench.refuses('unknown_key', { [`a stranger's ${alg} key`]: bench.issuer.token({}, {}, stranger) })
  }
})
