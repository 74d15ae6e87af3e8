import t from 'tap'
import { claimsOf, each, headerOf, signBytes, testBench } from '../support/hostile-tokens.ts'
import { createSigningKey, encode, signParts } from '../support/issuer.ts'

t.test('typ is at+jwt or application/at+jwt, in any case, and nothing else', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  const withType = (typ: unknown) => issuer.token({}, { typ })

  await accepts(
    each(['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'APPLICATION/AT+JWT', 'Application/at+JWT'], withType),
  )
  await refuses(
    'wrong_type',
    each(
      [
        undefined,
        null,
        '',
        'JWT',
        'jwt',
        'at',
        'at+',
        '+jwt',
        'jwt+at',
        'atjwt',
        'at jwt',
        'at-jwt',
        'at+jwt ',
        ' at+jwt',
        'at+jwt\n',
        'at+jwt\0',
        'at+jwts',
        'xat+jwt',
        'at+jwt,JWT',
        'at+jwt;v=1',
        'application/jwt',
        'application/at+jwt;v=1',
        'application/at+jwt ',
        'application/',
        'application//at+jwt',
        'application/application/at+jwt',
        'text/at+jwt',
        '*/at+jwt',
        'statuslist+jwt',
        'secevent+jwt',
        'logout+jwt',
        'dpop+jwt',
        'id_token+jwt',
        'oauth-authz-req+jwt',
        'ａt+jwt',
        'at＋jwt',
        1,
        true,
        ['at+jwt'],
        { 'at+jwt': true },
      ],
      withType,
    ),
  )
})

t.test('a list of the issuer, which its own key has signed, is no access token', async t => {
  const { issuer, refuses } = await testBench(t)

  await refuses('wrong_type', { 'a status list': issuer.statusList('1', Buffer.alloc(8), claimsOf(issuer)) })
})

t.test('the header names the key: without a kid no key is tried, not even the only one', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  const withKid = (kid: unknown) => issuer.token({}, { kid })

  await accepts({ 'its kid': withKid(issuer.key.kid) })
  await refuses(
    'malformed',
    each([undefined, null, '', 0, 1, true, [issuer.key.kid], { kid: issuer.key.kid }], withKid),
  )
})

t.test('a kid is one that the issuer publishes, exactly', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  const { kid } = issuer.key
  const withKid = (name: unknown) => issuer.token({}, { kid: name })

  await accepts({ 'its kid': withKid(kid) })
  await refuses(
    'unknown_key',
    each(
      [
        'another',
        kid.slice(1),
        kid.slice(0, -1),
        `${kid} `,
        ` ${kid}`,
        `${kid}\0`,
        `${kid}=`,
        kid.toLowerCase(),
        kid.toUpperCase(),
        `${kid},${kid}`,
        `./${kid}`,
        '../../../../dev/null',
        "' OR '1'='1",
        '*',
        '0',
        '-1',
        'undefined',
        'null',
        '__proto__',
        'constructor',
        'toString',
        'hasOwnProperty',
        'size',
        'x'.repeat(4096),
      ],
      withKid,
    ),
  )
})

t.test(
  'a key that a token brings along is never used, and a rule that a reader would have to know refuses',
  async t => {
    const { issuer, accepts, refuses } = await testBench(t)
    const { key } = issuer
    const own = await createSigningKey()
    const url = `${issuer.issuer}/jwks.json`
    const requestsBefore = issuer.requests.length

    const values: Readonly<Record<string, readonly unknown[]>> = {
      jwk: [own.jwk, key.jwk, {}, '', null],
      jku: [url, 'https://attacker.example/jwks.json', '', null],
      x5u: [url, 'https://attacker.example/certificate.pem', '', null],
      x5c: [['MIIB'], [], '', null],
      crit: [['exp'], ['b64'], [], ['alg'], '', null],
      b64: [false, true, 'false', null],
    }
    for (const [name, members] of Object.entries(values)) {
      await refuses(
        'unsupported',
        each(members, value => issuer.token({}, { [name]: value })),
      )
      await refuses(
        'unsupported',
        each(members, value => issuer.token({}, { [name]: value }, { ...own, kid: key.kid })),
      )
    }
    t.equal(issuer.requests.length, requestsBefore, 'and nothing is fetched')

    await accepts(
      each(['cty', 'x5t', 'zip', 'JWK', 'Crit', 'constructor'], name => issuer.token({}, { [String(name)]: 'x' })),
    )
  },
)

t.test('what is in the prototype of an object is not in the header', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  const { key } = issuer
  const payload = JSON.stringify(claimsOf(issuer))
  const header = (text: string) => signBytes(key, text, payload)
  const { alg, kid, typ } = headerOf(key)

  await accepts({
    'forbidden members there': header(
      `{"typ":"at+jwt","alg":"RS256","kid":"${kid}","__proto__":{"jwk":{},"crit":["x"],"b64":false}}`,
    ),
  })
  await refuses('unsupported', {
    'everything there': header(`{"__proto__":${JSON.stringify({ alg, kid, typ })}}`),
    'alg there': header(`{"typ":"at+jwt","kid":"${kid}","__proto__":{"alg":"RS256"}}`),
  })
  await refuses('wrong_type', { 'typ there': header(`{"alg":"RS256","kid":"${kid}","__proto__":{"typ":"at+jwt"}}`) })
  await refuses('malformed', { 'kid there': header(`{"typ":"at+jwt","alg":"RS256","__proto__":{"kid":"${kid}"}}`) })
})

t.test('the header is signed too: no word of it may be changed', async t => {
  const { issuer, refuses } = await testBench(t)
  const [, payload = '', signature = ''] = issuer.token().split('.')
  const { alg, kid, typ } = headerOf(issuer.key)
  const withHeader = (header: object) => `${encode(header)}.${payload}.${signature}`

  await refuses('bad_signature', {
    'another order': withHeader({ kid, alg, typ }),
    'another case': withHeader({ typ: 'AT+JWT', alg, kid }),
    'a member more': withHeader({ typ, alg, kid, cty: 'x' }),
    'white space': `${encode(JSON.stringify({ typ, alg, kid }, undefined, 1))}.${payload}.${signature}`,
    'another token’s claims': signParts(issuer.key, encode({ typ, alg, kid }), payload).replace(
      `.${payload}.`,
      `.${encode({ ...claimsOf(issuer), sub: 'user_2' })}.`,
    ),
  })
})
