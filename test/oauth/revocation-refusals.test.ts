import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import t, { type Test } from 'tap'
import { encodeRefreshToken } from '../../src/oauth/sessions/refresh-token.ts'
import type { Signer } from '../../src/records/signing-key.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { good, inactive, page, type Revoking, type Scene, scene, type Tokens } from '../support/scene.ts'
import { byTest, claimsOf, headerOf, type RequestOptions, secret } from '../support/serve.ts'
import { everythingIn, select } from '../support/sqlite.ts'
import { statusIn } from '../support/status-list.ts'

const DAY_MS = 86_400_000

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const foreign: KeyObject = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

/** A JWT with these parts, under a signature that `signer` makes. */
async function jwt(header: object, claims: object, signer: (input: Buffer) => Promise<Buffer> | Buffer) {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${(await signer(Buffer.from(input))).toString('base64url')}`
}

/** Refresh tokens end with a CRC-32 that this one gets wrong. */
const alteredAt = (token: string, at: number): string =>
  token.slice(0, at) + (token[at] === 'a' ? 'b' : 'a') + token.slice(at + 1)

/** What somebody may try who has this device's tokens, or none: none of it is a token of this service. */
async function forgeries({ access, refreshToken }: Tokens, ours: Signer, service: Scene['service']) {
  const [header, claims] = [headerOf(access), claimsOf(access)]
  const [start = '', middle = '', signature = ''] = access.split('.')
  const otherIssuer = service.issuer.replace(/\d$/, digit => String((Number(digit) + 1) % 10))
  const byUs = (input: Buffer) => ours.sign(input)
  const { body: jwks } = await service.get('/.well-known/jwks.json')
  const { text: statusList } = await service.get(new URL(statusIn(access).uri).pathname)
  return {
    'no token': 'garbage',
    'three words': 'a.b.c',
    'text that is long': 'x'.repeat(10_000),
    'text beyond ASCII': 'jeton é\u{1f511}',
    'a refresh token with a letter changed': alteredAt(refreshToken, 60),
    'a refresh token with another prefix': refreshToken.replace('signet_rt_', 'signet_at_'),
    'a refresh token in capitals': refreshToken.toUpperCase(),
    'a well-formed refresh token that nobody issued': encodeRefreshToken({
      handle: '0'.repeat(32),
      secret: '0'.repeat(64),
    }),
    'an access token with another signature': `${start}.${middle}.${alteredAt(signature, 10)}`,
    'an access token with half a signature': `${start}.${middle}.${signature.slice(0, 100)}`,
    'an access token without a signature': `${start}.${middle}.`,
    'an access token with other claims': `${start}.${encode({ ...claims, jti: 'token_0' })}.${signature}`,
    'an access token signed by a foreign key': await jwt(header, claims, input => sign('sha256', input, foreign)),
    'an access token that brings its key': await jwt(
      { ...header, kid: undefined, jwk: foreign.export({ format: 'jwk' }) },
      claims,
      input => sign('sha256', input, foreign),
    ),
    'alg none': `${encode({ ...header, alg: 'none' })}.${middle}.`,
    'a public key as a shared secret': await jwt({ ...header, alg: 'HS256' }, claims, input =>
      createHmac('sha256', JSON.stringify(jwks.keys[0])).update(input).digest(),
    ),
    'a status list': statusList,
    'our signature under another typ': await jwt({ ...header, typ: 'JWT' }, claims, byUs),
    'our signature under the typ of a status list': await jwt({ ...header, typ: 'statuslist+jwt' }, claims, byUs),
    'our signature without a typ': await jwt({ ...header, typ: undefined }, claims, byUs),
    'our signature for another issuer': await jwt(header, { ...claims, iss: otherIssuer }, byUs),
  }
}

async function withSigner(t: Test) {
  let ours: Signer | undefined
  const signer = (inner: Signer): Signer => {
    ours = inner
    return inner
  }
  const its = await scene(t, { faults: { signer } })
  await its.device()
  if (ours === undefined) throw new Error('Nobody signs.')
  return { its, ours }
}

t.test('what is no token of this service is no error, has no effect and writes nothing', async t => {
  const { its, ours } = await withSigner(t)
  const device = await its.device()
  const { databaseFile } = its.service
  const before = everythingIn(databaseFile)
  for (const [name, token] of Object.entries(await forgeries(device, ours, its.service))) {
    for (const token_type_hint of ['access_token', 'refresh_token']) {
      const { status, text } = await its.revoke(token, { form: { token_type_hint } })
      t.same([status, text], [200, '{}'], name)
    }
    t.equal((await its.introspect(token)).text, inactive, name)
    t.equal((await its.introspect(token, ['account', secret])).text, inactive, name)
  }
  t.same(everythingIn(databaseFile), before)
  t.same(await its.verdictOn(device), good)
  const same = await jwt(headerOf(device.access), claimsOf(device.access), input => ours.sign(input))
  t.same(await its.verdictOn({ access: same }), good, 'made as it should be, it would be one')
})

t.test('what expired is no error, and nothing is remembered of it', async t => {
  const its = await scene(t)
  const device = await its.device()
  const revocations = () => select(its.service.databaseFile, 'select * from revocations')
  its.clock.advance(15 * 60_000 + 1000)
  const before = everythingIn(its.service.databaseFile)
  const { status, text } = await its.revoke(device.access)
  t.same([status, text], [200, '{}'])
  t.same(everythingIn(its.service.databaseFile), before)
  its.clock.advance(15 * DAY_MS)
  t.match(await its.revoke(device.refreshToken), { status: 200, text: '{}' })
  t.same(revocations(), [])
})

/** The request is refused, nothing is revoked, and afterwards every token is as good as before. */
async function isRefused(t: Test, its: Scene, revoking: Revoking, error: readonly [number, string]) {
  const device = await its.device()
  const rows = () =>
    ['sessions', 'revocations'].map(table => select(its.service.databaseFile, `select * from ${table}`))
  const before = rows()
  for (const token of [device.refreshToken, device.access]) {
    const answer = await its.revoke(token, revoking)
    isError(t, answer, error)
    if (error[0] === 401) t.match(answer.headers.get('www-authenticate'), /^Basic /)
  }
  t.same(rows(), before)
  t.same(await its.verdictOn(device), good)
  t.same(await its.verdictOn(await its.refreshed(device)), good)
}

t.test("another client's token is refused with 400 invalid_grant, and nothing happens to it", async t => {
  const its = await scene(t)
  await addClient(its.service, { clientId: 'mobile', isPublic: true, secret: undefined })
  const others: Readonly<Record<string, Revoking>> = {
    'another client': { client: ['web-app', secret] },
    'a public client': { client: null, form: { client_id: 'mobile' } },
    'a resource service that may introspect it': { client: ['resource', secret] },
  }
  for (const [name, revoking] of Object.entries(others))
    await t.test(name, async t => isRefused(t, its, revoking, [400, 'invalid_grant']))
})

t.test('a client that was deleted and added again has no right to the tokens of the one before', async t => {
  const its = await scene(t)
  const { service } = its
  const device = await its.device()
  await service.clients.setStatus('account', 'deleted', byTest)
  await addClient(service, { clientId: 'account', audiences: [service.issuer] })
  const before = everythingIn(service.databaseFile)
  for (const token of [device.refreshToken, device.access]) isError(t, await its.revoke(token), [400, 'invalid_grant'])
  t.same(everythingIn(service.databaseFile), before)
})

t.test('a client that does not prove who it is gets 401, and nothing happens', async t => {
  const its = await scene(t)
  const { clients } = its.service
  await addClient(its.service, { clientId: 'off' })
  await clients.setStatus('off', 'disabled', byTest)
  const nobodies: Readonly<Record<string, Revoking>> = {
    'a wrong secret': { client: ['account', `${secret}x`] },
    'no secret': { client: null, form: { client_id: 'account' } },
    'no client': { client: null },
    'an unknown client': { client: ['nobody', secret] },
    'a disabled client': { client: ['off', secret] },
    'a public client with a secret': { client: ['spa', secret] },
  }
  for (const [name, revoking] of Object.entries(nobodies))
    await t.test(name, async t => isRefused(t, its, revoking, [401, 'invalid_client']))
})

t.test('a page that the client has not registered gets 403 before any credential is looked at', async t => {
  const its = await scene(t)
  const anotherPage = 'https://shop.example.com'
  await its.service.clients.update('web-app', { origins: [anotherPage] }, byTest)
  const origins = ['https://evil.example.com', 'null', page.replace('https', 'http'), anotherPage]
  for (const origin of origins) await isRefused(t, its, { headers: { origin } }, [403, 'origin_not_allowed'])
  await its.fresh()
  isError(t, await its.revoke('x', { headers: { origin: 'null' }, client: ['account', 'x'] }), [
    403,
    'origin_not_allowed',
  ])
  await its.appendedLike()
})

t.test('a request without one token is malformed, at both endpoints', async t => {
  const its = await scene(t)
  const device = await its.device()
  for (const path of ['/oauth/revoke', '/oauth/introspect']) {
    const refuses = async (status: number, request: RequestOptions, query = '') =>
      isError(t, await its.service.get(path + query, { client: ['resource', secret], ...request }), [
        status,
        'invalid_request',
      ])
    for (const form of ['', 'token=', 'token_type_hint=access_token', `token=${device.access}&token=${device.access}`])
      await refuses(400, { form })
    await refuses(400, { form: '' }, `?token=${device.access}`)
    const headers = { 'content-type': 'application/json' }
    await refuses(415, { body: JSON.stringify({ token: device.access }), headers })
  }
  t.same(await its.verdictOn(device), good)
})
