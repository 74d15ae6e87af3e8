/** Assertions whose form, header or signature is not as it should be, of both kinds. */
import { createHmac, randomUUID } from 'node:crypto'
import t from 'tap'
import { newKey } from '../../support/assertions.ts'
import { hostileBench, sign, signBytes } from '../../support/hostile-assertions.ts'
import { each } from '../../support/hostile-tokens.ts'
import { encode, type Json } from '../../support/issuer.ts'

const bench = await hostileBench(t)
const { keys, kinds, refuses, accepts } = bench
const { ec, rsa } = keys
const stranger = newKey('ES256', ec.kid)

for (const kind of kinds) {
  /** All that is refused has this `jti`, which is good at the end. */
  const jti = randomUUID()
  const claims = (more: Json = {}) => kind.claims({ jti, ...more })
  const header = (more: Json = {}) => encode({ alg: 'ES256', kid: ec.kid, typ: 'JWT', ...more })
  const parts = () => sign(ec, claims()).split('.') as [string, string, string]

  t.test(`${kind.name}: what is no JWT`, async t => {
    const [head, payload, signature] = parts()
    await refuses(t, kind, 'malformed_assertion', {
      'a word': 'x',
      dots: '..',
      'two parts': `${head}.${payload}`,
      'four parts': `${head}.${payload}.${signature}.`,
      'five parts, as of an encrypted one': `${head}.${payload}.${signature}.${payload}.${signature}`,
      'no header': `.${payload}.${signature}`,
      'no payload': `${head}..${signature}`,
      'white space around it': ` ${head}.${payload}.${signature}\n`,
      'padding of the header': `${head}=.${payload}.${signature}`,
      'padding of the payload': signBytes(ec, head, `${encode(JSON.stringify(claims()).padEnd(500, ' '))}=`),
      'padding of the signature': `${head}.${payload}.${signature}==`,
      'plain base64': signBytes(ec, head, Buffer.from(JSON.stringify(claims({ x: '>>>???' }))).toString('base64')),
      'more than 16,000 characters': sign(ec, claims({ groups: 'x'.repeat(11_800) })),
      ...each(['x', '[]', 'null', '"x"', '{', '1', ''], value => signBytes(ec, encode(value), encode(claims()))),
      ...each(['x', '[]', 'null', '"x"', '{', '1', ' '], value => signBytes(ec, header(), encode(value))),
    })
  })

  t.test(`${kind.name}: one of many groups, and one that no form has room for`, async t => {
    await accepts(t, kind, { 'of some thousand characters': sign(ec, kind.claims({ groups: 'x'.repeat(11_000) })) })
    const { status, body } = await kind.present(sign(ec, claims({ groups: 'x'.repeat(30_000) })))
    t.match([status, body.error], [413, 'invalid_request'], '40 kB')
  })

  t.test(`${kind.name}: what is made for something else`, async t => {
    const types = ['at+jwt', 'application/at+jwt', 'AT+JWT', 'wit+jwt', 'logout+jwt', 'secevent+jwt', 'dpop+jwt']
    const others = ['', 'JW', 'jwt ', 'application/', 'application/application/jwt', 'text/jwt', 1, null, ['JWT'], {}]
    await refuses(
      t,
      kind,
      'wrong_assertion_type',
      each([...types, ...others], typ => sign(ec, claims(), { typ })),
    )
    const good = ['JWT', 'jwt', 'application/jwt', 'APPLICATION/JWT', 'JOSE', 'client-authentication+jwt', undefined]
    await accepts(
      t,
      kind,
      each(good, typ => sign(ec, kind.claims(), { typ })),
    )
  })

  t.test(`${kind.name}: an algorithm that is not the key's`, async t => {
    const hmac = (secret: string | Buffer, more: Json = {}) => {
      const input = `${header({ alg: 'HS256', ...more })}.${encode(claims())}`
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
    }
    const published = (format: 'pem' | 'der') => {
      const key = rsa.publicKey.export({ type: 'spki', format })
      return hmac(key, { kid: rsa.kid })
    }
    await refuses(t, kind, 'unknown_key', {
      'alg none': `${header({ alg: 'none' })}.${encode(claims())}.`,
      'alg None, with a signature': sign(ec, claims(), { alg: 'None' }),
      'HS256 with the public key in PEM': published('pem'),
      'HS256 with the public key in DER': published('der'),
      'HS256 with the public key as a JWK': hmac(JSON.stringify(ec.jwk)),
      'HS256 with nothing': hmac(''),
      'PS256 of a key for RS256': sign({ ...rsa, alg: 'PS256' }, claims()),
      'ES384 of a key for ES256': sign(ec, claims(), { alg: 'ES384' }),
      'ES256 of a key for RS256': sign(ec, claims(), { kid: rsa.kid }),
      ...each(['RS256', 'EdDSA', 'es256', '', 1, null, ['ES256']], alg => sign(ec, claims(), { alg })),
      ...each(['EC', 'ec ', '', 'x'.repeat(2000), 1, null, ['ec']], kid => sign(ec, claims(), { kid })),
    })
  })

  t.test(`${kind.name}: a signature that is not the key's over just this`, async t => {
    const [head, payload, signature] = parts()
    const other = encode(claims({ more: true }))
    await refuses(t, kind, 'wrong_signature', {
      'another payload': `${head}.${other}.${signature}`,
      'another header': `${header({ more: true })}.${payload}.${signature}`,
      'no signature': `${head}.${payload}.`,
      'half a signature': `${head}.${payload}.${signature.slice(0, 43)}`,
      'one bit less': `${head}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      'of zeros': `${head}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
      "a stranger's": sign(stranger, claims()),
      'of another of its keys': sign(rsa, claims(), { alg: 'ES256', kid: ec.kid }),
    })
  })

  t.test(`${kind.name}: a key that it brings along proves nothing, and is not fetched`, async t => {
    const places = { jku: 'https://evil.example.com/jwks', x5u: 'https://evil.example.com/cert', x5c: ['MIIB'] }
    const brought: readonly Json[] = [
      { jwk: stranger.jwk },
      ...Object.entries(places).map(([name, value]) => ({ [name]: value })),
    ]
    await refuses(
      t,
      kind,
      'wrong_signature',
      each(brought, more => sign(stranger, claims(), more)),
    )
    await refuses(
      t,
      kind,
      'unknown_key',
      each(brought, more => sign(stranger, claims(), { kid: 'brought', ...more })),
    )
    await accepts(
      t,
      kind,
      each(brought, more => sign(ec, kind.claims(), more)),
    )
    t.same(bench.fetched, [])
  })

  t.test(`${kind.name}: extensions are not understood`, async t => {
    const extensions: readonly Json[] = [
      { crit: ['b64'], b64: true },
      { crit: ['b64'], b64: false },
      { b64: true },
      { b64: false },
      { crit: ['exp'], exp: 1 },
      { crit: [] },
      { crit: null },
    ]
    await refuses(
      t,
      kind,
      'wrong_signature',
      each(extensions, more => sign(ec, claims(), more)),
    )
    const { alg, kid } = ec
    const plain = signBytes(ec, encode({ alg, kid, crit: ['b64'], b64: false }), encode(claims()))
    await refuses(t, kind, 'wrong_signature', { 'with an unencoded payload, encoded': plain })
    await accepts(t, kind, { 'a member that nobody knows': sign(ec, kind.claims(), { 'x-vendor': 1, cty: 'JWT' }) })
  })

  t.test(`${kind.name}: what was refused has used nothing up`, t => accepts(t, kind, { good: sign(ec, claims()) }))
}
