/** What a program that uses the installed verifier sees, whatever JavaScript runtime it runs under. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { linesOf, start } from './consumer-process.ts'
import { apiKey, ENDPOINT } from './exchanging-issuer.ts'
import { createSigningKey, encode, type Issuer, type SigningKey, signParts, startIssuer } from './issuer.ts'
import { checkout, run } from './packed-verifier.ts'
import { exchange } from './raw-http.ts'
import { api } from './serve.ts'

const withStatus = (issuer: Issuer, list: string, idx: number) => ({
  status: { status_list: { idx, uri: issuer.listUri(list) } },
})

/** Publishes keys of all three kinds, one that is too weak, a list with one bit set, and one that inflates to too much. */
async function publish(issuer: Issuer) {
  const [es256, eddsa] = [await createSigningKey('ES256'), await createSigningKey('EdDSA')]
  const weak = { ...issuer.key.jwk, kid: 'weak', n: issuer.key.jwk.n?.slice(0, 172) }
  issuer.publishKeys([weak, issuer.key.jwk, es256.jwk, eddsa.jwk])
  issuer.publishList('a', issuer.statusList('a', Buffer.from([0b0000_0010])))
  const tooLarge = issuer.statusList('b', Buffer.alloc(2 ** 20 + 1))
  issuer.publish(`${issuer.listsPath}/b`, { body: tooLarge })
  return { es256, eddsa }
}

/** By name, the token and what `verify` says to it: whom it speaks for, or the code. */
async function tokensOf(issuer: Issuer, { es256, eddsa }: Record<'es256' | 'eddsa', SigningKey>) {
  const good = withStatus(issuer, 'a', 0)
  const [header = '', payload = '', signature = ''] = issuer.token(good).split('.')
  const withPayload = (text: string | Buffer) => signParts(issuer.key, header, Buffer.from(text).toString('base64url'))
  const claims = Buffer.from(payload, 'base64url').toString()
  /** Signed by a key that is not published, under the name of one that is. */
  const forged = async (key: SigningKey) =>
    issuer.token(good, {}, { ...(await createSigningKey(key.alg)), kid: key.kid })
  return {
    RS256: [issuer.token(good), 'user_1'],
    ES256: [issuer.token(good, {}, es256), 'user_1'],
    EdDSA: [issuer.token(good, {}, eddsa), 'user_1'],
    forgedRS256: [await forged(issuer.key), 'bad_signature'],
    forgedES256: [await forged(es256), 'bad_signature'],
    forgedEdDSA: [await forged(eddsa), 'bad_signature'],
    altered: [`${header}.${encode({ ...JSON.parse(claims), sub: 'user_2' })}.${signature}`, 'bad_signature'],
    unsigned: [`${header}.${payload}.`, 'bad_signature'],
    padded: [`${header}.${payload}.${signature}=`, 'malformed'],
    withSpace: [`${header}.${payload}.${signature} `, 'malformed'],
    withBom: [withPayload(`\ufeff${claims}`), 'malformed'],
    notUtf8: [withPayload(Buffer.from(claims.replace('user_1', 'user_\xff'), 'latin1')), 'malformed'],
    memberTwice: [withPayload(claims.replace('{', '{"sub":"user_2",')), 'malformed'],
    ofWeakKey: [issuer.token(good, { kid: 'weak' }), 'unknown_key'],
    otherAudience: [issuer.token({ ...good, aud: 'https://other.example.com' }), 'wrong_audience'],
    expired: [issuer.token({ ...good, exp: 1 }), 'expired'],
    revoked: [issuer.token(withStatus(issuer, 'a', 1)), 'revoked'],
    outOfBounds: [issuer.token(withStatus(issuer, 'a', 8)), 'invalid_claim'],
    listTooLarge: [issuer.token(withStatus(issuer, 'b', 0)), 'unavailable'],
  } as const
}

/** By name, an API key and what becomes of it: whom its token speaks for, or the status of the refusal. */
const keys = {
  good: [apiKey(1), 'user_1'],
  again: [apiKey(1), 'user_1'],
  refused: [apiKey(2), 401],
  malformed: ['x', 401],
}

/** Exchanges the good key, for a client that authenticates, and no other. */
function publishExchange(issuer: Issuer): void {
  const basic = `Basic ${Buffer.from('consumer:a%3Ab').toString('base64')}`
  const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token'
  const access_token = issuer.token(withStatus(issuer, 'a', 0))
  issuer.publishMetadata({ token_endpoint: `http://127.0.0.1:${issuer.port}${ENDPOINT}` })
  issuer.publish(ENDPOINT, async (request, response) => {
    const form = new URLSearchParams(await text(request))
    const isGood = form.get('subject_token') === apiKey(1) && request.headers.authorization === basic
    const answer = isGood
      ? { access_token, issued_token_type, token_type: 'Bearer', expires_in: 300 }
      : { error: 'invalid_request' }
    response.writeHead(isGood ? 200 : 400).end(JSON.stringify(answer))
  })
}

/** Revokes everything, and resolves when the program has read that: its rounds follow each other, so the second one is begun by then. */
const revokeAll = (issuer: Issuer) =>
  new Promise<void>(resolve => {
    const document = issuer.statusList('a', Buffer.from([0xff]))
    let polls = 0
    issuer.publish(`${issuer.listsPath}/a`, (_, response) => {
      polls += 1
      if (polls === 2) resolve()
      response.end(document)
    })
  })

/** Sends a GET with these Authorization lines. */
const ask = (port: number, ...authorization: readonly string[]) => {
  const lines = [
    'GET /me?page=1 HTTP/1.1',
    'Host: api.example.com',
    ...authorization.map(line => `Authorization: ${line}`),
  ]
  return exchange(`http://127.0.0.1:${port}`, `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)
}

const metadata = `resource_metadata="${api}/.well-known/oauth-protected-resource"`
const challenge = `Bearer realm="${api}"`

const unclosed = `
import process from 'node:process'
import { createVerifier } from '@signet/verifier'
await createVerifier(JSON.parse(process.argv[2])).ready()
`

type Pairs = Readonly<Record<string, readonly unknown[]>>
const first = (pairs: Pairs) => Object.fromEntries(Object.entries(pairs).map(([name, [one]]) => [name, String(one)]))
const second = (pairs: Pairs) => Object.fromEntries(Object.entries(pairs).map(([name, [, other]]) => [name, other]))

/** @param command runs a program, whose name and argument follow, under the runtime */
export async function consumes(t: Test, folder: string, command: readonly string[]): Promise<void> {
  copyFileSync(join(checkout, 'test/programs/consumer-program.mjs'), join(folder, 'consumer.mjs'))
  const issuer = await startIssuer(t)
  const cases = await tokensOf(issuer, await publish(issuer))
  publishExchange(issuer)
  const tokens = first(cases)
  const algorithms = ['RS256', 'ES256', 'EdDSA']
  const options = { issuer: issuer.issuer, audience: api, algorithms, mode: 'strict', pollInterval: 0.2 }

  writeFileSync(join(folder, 'unclosed.mjs'), unclosed)

  const program = start(t, folder, [...command, 'consumer.mjs', JSON.stringify({ options, tokens, keys: first(keys) })])
  const ended = new Promise(resolve => program.once('close', resolve))
  const nextLine = linesOf(program)
  const { verdicts, keyVerdicts, document, isPlugin, statusAtFirst, ports } = JSON.parse(await nextLine())
  t.strictSame(verdicts, second(cases), 'what verify says to each token')
  t.strictSame(keyVerdicts, second(keys), 'what becomes of each API key')
  t.equal(issuer.countOf(ENDPOINT), 2, 'the good key is exchanged once, and the malformed one never')
  t.match(document, { resource: api, authorization_servers: [issuer.issuer] })
  t.ok(isPlugin, 'the plugin for Fastify is there by both names, without Fastify')
  t.equal(statusAtFirst, 'ok', 'health')

  const { RS256: good = '', expired = '' } = tokens
  for (const [server, port] of Object.entries<number>(ports)) {
    t.match(await ask(port, `Bearer ${good}`), { status: 200 }, `${server}: a good token`)
    const withChallenge = (status: number, more = '') => ({ status, headers: { 'www-authenticate': challenge + more } })
    t.match(await ask(port), withChallenge(401, server === 'web' ? `, ${metadata}` : ''), `${server}: no token`)
    t.match(
      await ask(port, `Bearer ${expired}`),
      withChallenge(401, ', error="invalid_token"'),
      `${server}: a bad token`,
    )
    const twice = await ask(port, `Bearer ${good}`, `Bearer ${good}`)
    t.match(twice, withChallenge(400, ', error="invalid_request"'), `${server}: two tokens`)
  }
  await revokeAll(issuer)
  for (const [server, port] of Object.entries<number>(ports))
    t.match(await ask(port, `Bearer ${good}`), { status: 401 }, `${server}: revoked meanwhile`)

  program.stdin?.end()
  const { afterClose, problems } = JSON.parse(await nextLine())
  t.equal(afterClose, 'revoked', 'what is known stays known')
  t.strictSame(problems, ['key_left_out weak', `outage ${issuer.listUri('b')}`], 'what the events told')
  t.equal(await ended, 0, 'the program ends')
  await t.resolves(run(folder, [...command, 'unclosed.mjs', JSON.stringify(options)]), 'without close it ends, too')
}
