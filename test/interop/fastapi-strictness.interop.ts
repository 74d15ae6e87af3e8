/** Tokens and keys that the package signet-verifier must not take, from an issuer of the test's own. */
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'tap'
import { createSigningKey, encode, type Issuer, type Json, signParts, startIssuer } from '../support/issuer.ts'
import { api } from '../support/serve.ts'
import { startFastApi } from './fastapi-service.ts'

const now = (): number => Math.floor(Date.now() / 1000)

const malformed = (why: string): string => `The token is malformed. ${why}`
const noObject = (part: string) => malformed(`Its ${part} is not one JSON object in UTF-8, with each member once.`)
const notParts = malformed('It is not three parts of base64url.')
const notOf = (claim: string, form: string) => `The claim ${claim} of the access token is not ${form}.`

/** The same bytes with a bit set that says nothing, where there is one. */
function withUnusedBit(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return part.slice(0, -1) + alphabet[alphabet.indexOf(part.at(-1) ?? '') + 1]
}

/** Wrongly written tokens, each signed as it is written. */
function badlyWritten({ key, issuer, token }: Issuer): [token: string, description: string][] {
  const header = JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid: key.kid })
  const claims = { iss: issuer, sub: 'user_1', aud: api, client_id: 'web-app', jti: 'token_1' }
  const payload = JSON.stringify({ ...claims, iat: now(), exp: now() + 600 })
  const written = (head: string, body: string) => signParts(key, encode(head), encode(body))
  const good = token()
  const [first = '', second = '', third = ''] = good.split('.')
  const notUtf8 = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')
  return [
    [token({ padding: 'x'.repeat(16_384) }), malformed('It has more than 16384 characters.')],
    [`${good}.`, notParts],
    [`${first}.${second}`, notParts],
    [`${good}=`, notParts],
    [`${first}.${second} .${third}`, notParts],
    [`${first}.${second}.+${third.slice(1)}`, notParts],
    [`${first}.${second}.${withUnusedBit(third)}`, notParts],
    [signParts(key, first, notUtf8), noObject('payload')],
    [written(header, `\ufeff${payload}`), noObject('payload')],
    [written(header, '[]'), noObject('payload')],
    [written(header, '['.repeat(10_000)), noObject('payload')],
    [written(header, payload.replace('{', '{"aud":"x",')), noObject('payload')],
    [written(header, payload.replace('{', '{"x":NaN,')), noObject('payload')],
    [written(header.replace('{', '{"alg":"none",'), payload), noObject('header')],
    [written('{', payload), noObject('header')],
  ]
}

function badHeaders({ token }: Issuer): [header: Json, description: string][] {
  const refused = 'The header of the token has one of jwk, jku, x5u, x5c, crit, b64.'
  return [
    ...['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64'].map((name): [Json, string] => [{ [name]: null }, refused]),
    ...['none', 'HS256', 'RS512', 'PS256', 'rs256', null].map((alg): [Json, string] => [
      { alg },
      'The algorithm of the token is not RS256.',
    ]),
    ...['JWT', 'statuslist+jwt', '', undefined, 7].map((typ): [Json, string] => [
      { typ },
      'The type of the token is not at+jwt.',
    ]),
    ...['', undefined, 7].map((kid): [Json, string] => [{ kid }, malformed('Its header names no key.')]),
    [{ kid: token.name }, 'The issuer has no usable key of the name that the token gives.'],
  ]
}

const text = 'a non-empty string'
const time = 'a time in seconds'

function badClaims({ issuer, listUri }: Issuer): [claims: Json, description: string][] {
  const many = (values: readonly unknown[], claim: string, form: string): [Json, string][] =>
    values.map(value => [{ [claim]: value }, notOf(claim, form)])
  const lists = (values: readonly unknown[]): [Json, string][] =>
    values.map(list => [
      { status: { status_list: list } },
      notOf('status', 'a reference to a status list of the issuer'),
    ])
  return [
    ...[`${issuer}/`, undefined, 7].map((iss): [Json, string] => [{ iss }, 'The access token is from another issuer.']),
    ...['x', undefined, [], `${api}/`, ['x']].map((aud): [Json, string] => [
      { aud },
      'The access token is for another audience.',
    ]),
    ...many([7, null, [api, 7]], 'aud', 'a string or an array of strings'),
    ...['sub', 'client_id', 'jti'].flatMap(claim => many(['', undefined, 7], claim, text)),
    ...many(['9', undefined, true, 253_402_300_800], 'exp', time),
    ...many(['9', undefined, true], 'iat', time),
    ...many(['9', null], 'nbf', time),
    ...many(['admin', [7], null], 'roles', 'an array of strings'),
    ...many([['posts:write'], null], 'scope', 'a string'),
    ...many(['9', null], 'auth_time', time),
    ...many([7, null], 'sid', 'a string'),
    [{ exp: now() - 31 }, 'The access token has expired.'],
    [{ iat: now() + 60 }, 'The access token is not valid yet.'],
    [{ nbf: now() + 60 }, 'The access token is not valid yet.'],
    ...[null, {}, []].map((status): [Json, string] => [
      { status },
      notOf('status', 'a reference to a status list of the issuer'),
    ]),
    ...lists([{ uri: listUri('1') }, { idx: 1 }, { idx: -1, uri: listUri('1') }, { idx: 1.5, uri: listUri('1') }]),
    ...lists([
      { idx: true, uri: listUri('1') },
      { idx: '1', uri: listUri('1') },
    ]),
    ...lists(
      ['https://example.com/1', `${issuer}.example.com/1`, `${issuer}/../1`, `${issuer}/%2e%2e/1`, issuer].map(uri => ({
        idx: 1,
        uri,
      })),
    ),
  ]
}

test('FastAPI: a token that is badly written, has a bad header or bad claims is refused with its reason', async t => {
  const issuer = await startIssuer(t)
  const resource = await startFastApi(t, issuer)
  const fetched = issuer.requests.length
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt'])
    t.equal(await resource.verdict(issuer.token({ aud: ['x', api], exp: now() - 10 }, { typ })), 200, typ)
  t.equal(await resource.verdict(issuer.token({ iat: now() + 20, nbf: now() + 20 })), 200, 'clocks may differ by 30 s')
  for (const [token, description] of badlyWritten(issuer)) t.equal(await resource.verdict(token), description)
  for (const [claims, description] of badClaims(issuer))
    t.equal(await resource.verdict(issuer.token(claims)), description, JSON.stringify(claims))
  t.equal(issuer.requests.length, fetched, 'for none of them the issuer was asked')
  for (const [header, description] of badHeaders(issuer))
    t.equal(await resource.verdict(issuer.token({}, header)), description, JSON.stringify(header))
  const other = await createSigningKey()
  const forged = issuer.token({}, { kid: issuer.key.kid }, other)
  t.equal(await resource.verdict(forged), 'The signature of the token does not verify.')
})

test('FastAPI: a bad key is left out, and the good one beside it goes on', async t => {
  const issuer = await startIssuer(t)
  const odd = async (jwk: Json) => createSigningKey('RS256', jwk)
  const weak = async (options: { modulusLength: number; publicExponent?: number }) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', options)
    const kid = JSON.stringify(options)
    return { alg: 'RS256' as const, kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } }
  }
  const twice = await odd({})
  const bad = [
    await createSigningKey('ES256'),
    await createSigningKey('EdDSA'),
    await odd({ use: 'enc' }),
    await odd({ alg: 'RS512' }),
    await odd({ key_ops: ['sign'] }),
    await odd({ d: 'AQAB' }),
    await weak({ modulusLength: 1024 }),
    await weak({ modulusLength: 2048, publicExponent: 3 }),
    twice,
  ]
  const plain = await odd({ use: undefined, alg: undefined, key_ops: ['verify'] })
  issuer.publishKeys([...bad.map(({ jwk }) => jwk), twice.jwk, issuer.key.jwk, plain.jwk, null, {}, { kid: 7 }])
  const resource = await startFastApi(t, issuer)
  const unknown = 'The issuer has no usable key of the name that the token gives.'
  for (const key of bad)
    t.equal(await resource.verdict(issuer.token({}, { alg: 'RS256' }, key)), unknown, JSON.stringify(key.jwk))
  for (const key of [issuer.key, plain]) t.equal(await resource.verdict(issuer.token({}, {}, key)), 200)
  t.match((await resource.get('/readyz')).body, { keys: { count: 2 } })
})

test('FastAPI: unknown kids cause one fetch in 10 s, whatever comes, and a new key is found by it', async t => {
  const issuer = await startIssuer(t)
  const resource = await startFastApi(t, issuer)
  const fetches = () => issuer.requests.filter(({ path }) => path === issuer.jwksPath).length
  const flood = (round: number) =>
    Promise.all(
      Array.from({ length: 100 }, (_, index) => resource.verdict(issuer.token({}, { kid: `${round}/${index}` }))),
    )
  const before = fetches()
  await flood(1)
  await flood(2)
  t.equal(fetches(), before + 1)
  t.equal(await resource.verdict(issuer.token()), 200, 'a good key is not lost')

  const added = await createSigningKey()
  issuer.publishKeys([issuer.key.jwk, added.jwk])
  resource.advance(10)
  const answers = await Promise.all(Array.from({ length: 20 }, () => resource.verdict(issuer.token({}, {}, added))))
  t.same(new Set(answers), new Set([200]))
  t.equal(fetches(), before + 2)
})
