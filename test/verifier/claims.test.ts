import t from 'tap'
import { claimsOf, each, headerOf, signBytes, testBench } from '../support/hostile-tokens.ts'
import { api } from '../support/serve.ts'

/** Of every kind but a string that says something. */
const noTexts = [undefined, null, '', 0, 1, true, false, [], ['user_1'], {}, { id: 'user_1' }] as const
const noStrings = [null, 0, 1, true, false, [], ['x'], {}] as const

t.test('iss is the issuer, character for character', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  const { issuer: url, port } = issuer
  const withIssuer = (iss: unknown) => issuer.token({ iss })

  await accepts({ 'the issuer': withIssuer(url) })
  await refuses(
    'wrong_issuer',
    each(
      [
        ...noTexts,
        `${url}/`,
        `${url}//`,
        url.slice(0, -1),
        `${url}s`,
        `${url}/other`,
        `${url} `,
        ` ${url}`,
        `${url}\n`,
        `${url}\0`,
        `${url}?`,
        `${url}?a=b`,
        `${url}#`,
        `${url}/.`,
        `${url}/../tenant`,
        url.toUpperCase(),
        url.replace('http:', 'HTTP:'),
        url.replace('http:', 'https:'),
        url.replace('http://', ''),
        url.replace('/tenant', ''),
        url.replace('tenant', 'Tenant'),
        url.replace('tenant', '%74enant'),
        url.replace('127.0.0.1', 'localhost'),
        url.replace('127.0.0.1', '127.1'),
        url.replace('127.0.0.1', '127.0.0.1.'),
        url.replace('//', '//user@'),
        url.replace(`:${port}`, ''),
        `https://attacker.example/${url}`,
        `https://attacker.example/?${url}`,
        '.*',
        [url],
        [url, 'https://attacker.example'],
        { url },
      ],
      withIssuer,
    ),
  )
})

t.test('aud is the audience, or an array of strings of which one is that, character for character', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  const withAudience = (aud: unknown) => issuer.token({ aud })

  await accepts(each([api, [api], ['other', api], [api, 'other'], [api, api], ['', api]], withAudience))
  await refuses(
    'wrong_audience',
    each(
      [
        undefined,
        '',
        [],
        [''],
        'other',
        ['other'],
        ['other', 'another'],
        `${api}/`,
        `${api} `,
        ` ${api}`,
        `${api}\n`,
        `${api}\0`,
        `${api}.attacker.example`,
        `${api},other`,
        `other,${api}`,
        `${api} other`,
        api.slice(0, -1),
        api.slice(1),
        api.toUpperCase(),
        api.replace('https:', 'http:'),
        api.replace('https://', ''),
        JSON.stringify([api]),
        [`${api}/`],
        [api.slice(0, -1)],
        [...api],
        '*',
        ['*'],
        '.*',
        'undefined',
        '[object Object]',
      ],
      withAudience,
    ),
  )
  await refuses(
    'invalid_claim',
    each(
      [
        null,
        0,
        1,
        true,
        {},
        { [api]: true },
        { 0: api, length: 1 },
        [null],
        [1],
        [api, null],
        [api, 1],
        [1, api],
        [[api]],
        [api, [api]],
        [{ aud: api }],
        [api, {}],
      ],
      withAudience,
    ),
  )
})

t.test('a service of several names takes a token for one of them', async t => {
  const { issuer, accepts, refuses } = await testBench(t, { audience: ['one', 'two'] })
  const withAudience = (aud: unknown) => issuer.token({ aud })

  await accepts(each(['one', 'two', ['two'], ['two', 'three'], ['one', 'two']], withAudience))
  await refuses('wrong_audience', each([api, 'three', 'one,two', 'one two', ['three'], 'onetwo', []], withAudience))
  await refuses('invalid_claim', each([[['one', 'two']], ['one', 2]], withAudience))
})

t.test('sub, client_id and jti are there, and are strings that say something', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  for (const claim of ['sub', 'client_id', 'jti']) {
    const withClaim = (value: unknown) => issuer.token({ [claim]: value })
    await accepts({ [claim]: withClaim('x') })
    await refuses('invalid_claim', each(noTexts, withClaim))
  }
})

t.test('roles is an array of strings, if it is there at all', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  const withRoles = (roles: unknown) => issuer.token({ roles })

  await accepts(each([undefined, [], ['admin'], ['admin', 'user'], ['']], withRoles))
  await refuses(
    'invalid_claim',
    each(
      [
        null,
        '',
        'admin',
        'admin user',
        0,
        1,
        true,
        {},
        { admin: true },
        { 0: 'admin', length: 1 },
        [null],
        [1],
        [true],
        ['admin', null],
        ['admin', 1],
        [1, 'admin'],
        [['admin']],
        [{ name: 'admin' }],
        ['admin', ['user']],
      ],
      withRoles,
    ),
  )
})

t.test('scope and sid are strings, if they are there at all', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  for (const claim of ['scope', 'sid']) {
    const withClaim = (value: unknown) => issuer.token({ [claim]: value })
    await accepts(each([undefined, '', 'posts:read', 'posts:read posts:write'], withClaim))
    await refuses('invalid_claim', each([...noStrings, ['posts:read']], withClaim))
  }
})

t.test('claims in the prototype of an object are none', async t => {
  const { issuer, refuses } = await testBench(t)
  const { key } = issuer
  const { sub: _sub, ...claims } = claimsOf(issuer)
  const header = JSON.stringify(headerOf(key))
  const withText = (text: string) => signBytes(key, header, text)

  await refuses('wrong_issuer', { 'all there': withText(`{"__proto__":${JSON.stringify(claimsOf(issuer))}}`) })
  await refuses('invalid_claim', {
    'sub there': withText(`${JSON.stringify(claims).slice(0, -1)},"__proto__":{"sub":"user_1"}}`),
  })
})

t.test('the claims are signed: none of them may be changed, added or taken away', async t => {
  const { issuer, refuses } = await testBench(t)
  const [header = '', payload = '', signature = ''] = issuer.token().split('.')
  const [, otherPayload = '', otherSignature = ''] = issuer.token({ sub: 'user_2' }).split('.')
  const { jti: _jti, ...fewer } = claimsOf(issuer)
  const withClaims = (claims: object) =>
    `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`

  await refuses('bad_signature', {
    'another sub': withClaims({ ...claimsOf(issuer), sub: 'user_2' }),
    'a later exp': withClaims({ ...claimsOf(issuer), exp: 253_402_300_799 }),
    'a role more': withClaims({ ...claimsOf(issuer), roles: ['admin'] }),
    'a claim less': withClaims(fewer),
    'another order': withClaims(Object.fromEntries(Object.entries(claimsOf(issuer)).reverse())),
    'those of another token': `${header}.${otherPayload}.${signature}`,
    'the signature of another token': `${header}.${payload}.${otherSignature}`,
  })
})
