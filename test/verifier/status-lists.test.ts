/** Which status lists count (draft-ietf-oauth-status-list §8.3), and what is done without one that does. */
import { deflateRawSync, deflateSync } from 'node:zlib'
import { test } from 'tap'
import { createSigningKey, encode, type Issuer, type Json, signParts } from '../support/issuer.ts'
import { MINUTE_MS, POLL_MS, SECOND_MS, simulated } from '../support/simulated-verifier.ts'

const MAX_BYTES = 2 ** 20
/** Compressed and encoded it would have padding. */
const revoking = Buffer.from([1, 0])
const compressed = (bytes: Buffer): string => deflateSync(bytes).toString('base64url')
const lst = compressed(revoking)
/** It differs in its lowest bit only. */
const nextCharacter = (character: string): string => String.fromCharCode(character.charCodeAt(0) + 1)

type Document = (issuer: Issuer, nowSeconds: number) => string | Promise<string>

const withClaims =
  (claims: Json | ((nowSeconds: number) => Json)): Document =>
  (issuer, now) =>
    issuer.statusList('1', revoking, typeof claims === 'function' ? claims(now) : claims)
const withHeader =
  (header: Json): Document =>
  issuer =>
    issuer.statusList('1', revoking, {}, header)
const withList = (list: unknown): Document => withClaims({ status_list: list })

/** None of them says that the first token is revoked, though they all try to. */
const bad: Readonly<Record<string, readonly [Document, RegExp]>> = {
  'a signature of another key': [
    async issuer => issuer.statusList('1', revoking, {}, { kid: issuer.key.kid }, await createSigningKey()),
    /signature/,
  ],
  'a key that the issuer does not have': [
    async issuer => issuer.statusList('1', revoking, {}, {}, await createSigningKey()),
    /no usable key/,
  ],
  'claims that were altered': [
    issuer => {
      const [header, , signature] = issuer.statusList('1', Buffer.from([0])).split('.')
      return `${header}.${issuer.statusList('1', revoking).split('.')[1]}.${signature}`
    },
    /signature/,
  ],
  'no JWS': [issuer => JSON.stringify({ status_list: { bits: 1, lst }, sub: issuer.listUri('1') }), /malformed/],
  'a line end behind it': [async (issuer, now) => `${await withClaims({})(issuer, now)}\n`, /malformed/],
  'a member that is there twice': [
    issuer => {
      const [header = ''] = issuer.statusList('1', revoking).split('.')
      const claims = { iat: 0, exp: 9_999_999_999, status_list: { bits: 1, lst } }
      const text = JSON.stringify({ sub: issuer.listUri('1'), ...claims }).replace('{', '{"exp":1,')
      return signParts(issuer.key, header, encode(text))
    },
    /malformed/,
  ],
  'the type of an access token': [withHeader({ typ: 'at+jwt' }), /type/],
  'no type': [withHeader({ typ: undefined }), /type/],
  'another uri as its subject': [issuer => issuer.statusList('1', revoking, { sub: issuer.listUri('2') }), /uri/],
  'no subject': [withClaims({ sub: undefined }), /uri/],
  'an end that has passed': [withClaims(now => ({ exp: now - 30 })), /expired/],
  'no end': [withClaims({ exp: undefined }), /expires/],
  'an end that is a text': [withClaims({ exp: '9999999999' }), /expires/],
  'no time of issue': [withClaims({ iat: undefined }), /when it was issued/],
  'no list': [withList(undefined), /status_list/],
  'an array for a list': [withList([{ bits: 1, lst }]), /status_list/],
  'no bits': [withList({ lst }), /bits/],
  ...Object.fromEntries(
    [0, 3, 16, -1, 1.5, '1', null].map(bits => [`bits that are ${bits}`, [withList({ bits, lst }), /bits/] as const]),
  ),
  'no lst': [withList({ bits: 1 }), /lst/],
  'padding behind lst': [withList({ bits: 1, lst: `${lst}==` }), /lst/],
  'bits in lst that say nothing': [withList({ bits: 1, lst: lst.replace(/.$/, nextCharacter) }), /lst/],
  'an lst that nothing compressed': [withList({ bits: 1, lst: revoking.toString('base64url') }), /header|zlib/],
  'DEFLATE without zlib around it': [withList({ bits: 1, lst: deflateRawSync(revoking).toString('base64url') }), /./],
  'an lst that was cut short': [withList({ bits: 1, lst: lst.slice(0, -4) }), /end/],
  'an lst of nothing': [withList({ bits: 1, lst: compressed(Buffer.alloc(0)) }), /empty/],
  'a byte more than 1 MiB': [withList({ bits: 1, lst: compressed(Buffer.alloc(MAX_BYTES + 1, 1)) }), /larger/],
  'a small lst that grows without end': [
    withList({ bits: 1, lst: compressed(Buffer.alloc(64 * MAX_BYTES, 1)) }),
    /larger/,
  ],
}

for (const [title, [document, problem]] of Object.entries(bad))
  test(`a list with ${title} does not count, and the verifier says so`, async t => {
    const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
    issuer.publishList('1', await document(issuer, environment.now() / SECOND_MS))
    const { events, outcome } = start()
    await environment.idle()
    const uri = issuer.listUri('1')
    t.match(events, [{ type: 'outage', document: 'status_list', uri, problem }])
    t.equal(await outcome(tokenOf('1')), 'accepted', 'lenient')
    t.equal(await outcome(tokenOf('1'), { mode: 'strict' }), 'unavailable', 'strict')

    publishBits('1', 1)
    await environment.advance(POLL_MS)
    t.equal(await outcome(tokenOf('1')), 'revoked', 'until there is a good one')
    t.match(events.slice(1), [{ type: 'status_unchecked' }, { type: 'recovery', document: 'status_list', uri }])
  })

test('a list that does not count leaves the one before in use', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  publishBits('1', 0b10)
  const { outcome } = start()
  await environment.idle()
  issuer.publishList('1', await withHeader({ typ: 'JWT' })(issuer, 0))
  await environment.advance(POLL_MS)
  t.equal(await outcome(tokenOf('1', 0)), 'accepted')
  t.equal(await outcome(tokenOf('1', 1)), 'revoked')
})

test('the clocks of issuer and verifier may differ by 30 s', async t => {
  for (const times of [(now: number) => ({ iat: now + 30 }), (now: number) => ({ exp: now - 29 })]) {
    const { environment, issuer, start, tokenOf } = await simulated(t)
    issuer.publishList('1', await withClaims(times)(issuer, environment.now() / SECOND_MS))
    const { outcome } = start()
    await environment.idle()
    t.equal(await outcome(tokenOf('1')), 'revoked')
  }
})

test('1 MiB is read to its last bit; the type may be written in full and in capitals', async t => {
  const { environment, issuer, start, tokenOf } = await simulated(t)
  const bytes = Buffer.alloc(MAX_BYTES)
  bytes[MAX_BYTES - 1] = 0x80
  issuer.publishList('1', issuer.statusList('1', bytes, {}, { typ: 'application/StatusList+JWT' }))
  const { outcome, events } = start()
  await environment.idle()
  t.equal(await outcome(tokenOf('1', 8 * MAX_BYTES - 2)), 'accepted')
  t.equal(await outcome(tokenOf('1', 8 * MAX_BYTES - 1)), 'revoked')
  t.equal(await outcome(tokenOf('1', 8 * MAX_BYTES)), 'invalid_claim')
  t.strictSame(events, [])
})

test('a list that has expired is an outage, although the issuer says that there is nothing newer', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  const exp = Math.floor(environment.now() / SECOND_MS) + MINUTE_MS / SECOND_MS
  issuer.publishList('1', issuer.statusList('1', Buffer.from([0b10]), { exp }), { etag: '"old"' })
  const { outcome, events, verifier } = start()
  await environment.advance(80 * SECOND_MS)
  t.strictSame(events, [], 'the clocks may differ by 30 s')
  await environment.advance(2 * POLL_MS)
  t.match(events, [{ type: 'outage', document: 'status_list', problem: /expired/ }])
  await environment.advance(MINUTE_MS)
  t.equal(await outcome(tokenOf('1', 0), { mode: 'strict' }), 'unavailable')
  t.equal(verifier.health().status, 'stale')
  t.equal(await outcome(tokenOf('1', 0)), 'accepted')
  t.equal(await outcome(tokenOf('1', 1)), 'revoked')
  publishBits('1', 0)
  await environment.advance(POLL_MS)
  t.match(events.slice(1), [{ type: 'recovery', document: 'status_list' }])
})
