import { randomBytes } from 'node:crypto'
import t from 'tap'
import { withChecksum } from '../support/checksum.ts'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { addAlice, api, auditsAll, claimsOf, password, refresh, serve, signIn } from '../support/serve.ts'
import { auditedBy, everythingIn, notOnPostgres, select, sessionsOf } from '../support/sqlite.ts'

const clock = testClock()
const service = await serve(t, { clock, environment: auditsAll })
const file = service.databaseFile
await addAlice(service)
await addClient(service, { clientId: 'portal', audiences: [api, 'https://files.example.com'] })

const [MINUTE, DAY] = [60_000, 86_400_000]
const newToken = async (): Promise<string> => (await signIn(service)).body.refresh_token
const next = async (token: string): Promise<string> => (await refresh(service, token)).body.refresh_token
const asSpa = (token: string) => service.token({ grant_type: 'refresh_token', refresh_token: token, client_id: 'spa' })

const refused = {
  status: 400,
  text: '{"error":"invalid_grant","error_description":"The refresh token is unknown, expired, revoked or was already used."}',
}

/** A token as it would be printed, from its parts. */
const tokenOf = (handle: string, secret: string): string => withChecksum(`signet_rt_${handle}${secret}`)
const handleOf = (token: string) => token.slice('signet_rt_'.length, -72)

t.test('a refresh token has a prefix, 128 + 256 random bits and a checksum that tells typing errors', async t => {
  const [one, two] = [await newToken(), await newToken()]
  t.match(one, /^signet_rt_[0-9a-f]{32}[0-9a-f]{64}[0-9a-f]{8}$/)
  t.equal(tokenOf(handleOf(one), one.slice(-72, -8)), one)
  t.not(handleOf(one), handleOf(two))
  const { sid } = claimsOf((await refresh(service, one)).body.access_token)
  t.notOk(sid.includes(handleOf(one)), 'the handle is not the sid')
})

t.test('each refresh gives a new refresh token and access token of the same session', async t => {
  const first = (await signIn(service)).body
  const second = (await refresh(service, first.refresh_token)).body
  t.same(Object.keys(second).sort(), ['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type'])
  t.not(second.refresh_token, first.refresh_token)
  t.equal(handleOf(second.refresh_token), handleOf(first.refresh_token))
  const [before, after] = [claimsOf(first.access_token), claimsOf(second.access_token)]
  t.not(after.jti, before.jti)
  t.equal(after.sid, before.sid)
  t.same(await auditedBy(service, () => refresh(service, second.refresh_token)), ['session.refresh success'])
})

t.test('a lost response: the same request again gives the same successor and writes only to the audit', async t => {
  clock.advance(MINUTE)
  const token = await newToken()
  const lost = await refresh(service, token)
  const before = sessionsOf(file)
  clock.advance(10_000)
  let again: typeof lost | undefined
  const audited = await auditedBy(service, async () => {
    again = await refresh(service, token)
  })
  t.same(audited, ['session.repeat success'])
  t.same(sessionsOf(file), before)
  t.equal(again?.body.refresh_token, lost.body.refresh_token)
  t.not(claimsOf(again?.body.access_token).jti, claimsOf(lost.body.access_token).jti)
  t.equal(claimsOf(again?.body.access_token).iat, claimsOf(lost.body.access_token).iat + 10)
  t.equal((await refresh(service, lost.body.refresh_token)).status, 200, 'and the successor works')
})

t.test('a repeated request has the scope and the resource that it asks for itself', async t => {
  const portal = (form: Readonly<Record<string, string>>) =>
    service.token(form, { client: ['portal', 'a-client-secret-with-enough-entropy-0123456789'] })
  const { body } = await portal({ grant_type: 'password', username: 'alice', password })
  const form = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
  const lost = await portal({ ...form, scope: 'posts:read', resource: 'https://files.example.com' })
  const again = await portal({ ...form, scope: 'posts:write' })
  t.equal(again.body.refresh_token, lost.body.refresh_token)
  t.match(claimsOf(again.body.access_token), { scope: 'posts:write', aud: api })
  t.match(await portal({ ...form, scope: 'none:such' }), { body: { error: 'invalid_scope' } })
})

const skip = notOnPostgres('its own clock measures the grace')
t.test('the grace ends 30 s after the rotation, to the millisecond', { skip }, async t => {
  const token = await newToken()
  const successor = await next(token)
  clock.advance(29_999)
  t.equal(await next(token), successor)
  clock.advance(1)
  t.match(await refresh(service, token), refused)
  t.match(await refresh(service, successor), refused, 'two parties hold the family: it ends for both')
})

t.test('the grace ends when the successor is first used', async t => {
  const token = await newToken()
  const second = await next(token)
  const third = await next(second)
  t.equal(await next(second), third, 'the grace is that of the newest rotation')
  t.match(await refresh(service, token), refused)
  t.match(await refresh(service, third), refused)
})

t.test('reuse ends the session once and is audited', async t => {
  const token = await newToken()
  await next(await next(token))
  t.same(await auditedBy(service, () => refresh(service, token)), ['session.end success refresh_token_reuse'])
  t.match(sessionsOf(file).at(-1), { ended_at_ms: clock.now(), end_reason: 'refresh_token_reuse' })
  clock.advance(MINUTE)
  t.same(await auditedBy(service, () => refresh(service, token)), ['session.refresh failure session_over'])
})

t.test('another well-formed secret for a known family is reuse, for an unknown family an event', async t => {
  const guess = randomBytes(32).toString('hex')
  const token = await newToken()
  const before = everythingIn(file)
  const audited = await auditedBy(service, async () =>
    t.match(await refresh(service, tokenOf(randomBytes(16).toString('hex'), guess)), refused),
  )
  t.same(audited, ['session.refresh failure unknown_token'])
  t.same(everythingIn(file), before)
  t.match(await refresh(service, tokenOf(handleOf(token), guess)), refused)
  t.match(await refresh(service, token), refused)
})

t.test('what is not a token of ours is invalid_grant and nothing else happens', async t => {
  const token = await newToken()
  const before = everythingIn(file)
  const last = token.endsWith('0') ? '1' : '0'
  const damaged = {
    'another checksum': token.slice(0, -1) + last,
    'another digit in the secret': token.slice(0, -9) + (token.at(-9) === '0' ? '1' : '0') + token.slice(-8),
    truncated: token.slice(0, -1),
    'cut in the middle': token.slice(0, 60),
    'longer by one': `${token}0`,
    'in capitals': token.toUpperCase(),
    'with a space': ` ${token}`,
    'with a line break': `${token}\n`,
    'without the prefix': token.slice('signet_rt_'.length),
    garbage: '💥\u0001%',
    'an access token': (await signIn(service)).body.access_token,
  }
  const now = everythingIn(file)
  for (const [name, value] of Object.entries(damaged)) t.match(await refresh(service, value), refused, name)
  t.same(everythingIn(file), now)
  t.notSame(now, before)
  t.equal((await refresh(service, token)).status, 200)
})

t.test("another client's token is invalid_grant and nothing else happens, used or not", async t => {
  const token = await newToken()
  const before = everythingIn(file)
  const audited = await auditedBy(service, async () => t.match(await asSpa(token), refused))
  t.same(audited, ['session.refresh failure token_of_another_client'])
  t.same(everythingIn(file), before)
  const newest = await next(await next(token))
  const later = everythingIn(file)
  t.match(await asSpa(token), refused, 'not even reuse')
  t.same(everythingIn(file), later)
  t.equal((await refresh(service, newest)).status, 200)
})

t.test('50 parallel refreshes with one token leave one lineage', async t => {
  clock.advance(MINUTE)
  const token = await newToken()
  let answers: Awaited<ReturnType<typeof refresh>>[] = []
  const audited = await auditedBy(service, async () => {
    answers = await Promise.all(Array.from({ length: 50 }, () => refresh(service, token)))
  })
  t.same(new Set(answers.map(({ status }) => status)), new Set([200]))
  const successors = new Set(answers.map(({ body }) => body.refresh_token))
  t.equal(successors.size, 1)
  t.equal(new Set(answers.map(({ body }) => claimsOf(body.access_token).jti)).size, 50)
  t.equal(audited.filter(event => event === 'session.refresh success').length, 1)
  clock.advance(MINUTE)
  await service.writeEvents()
  const repeats = select(
    file,
    "select count from audit_events where type = 'session.repeat' order by rowid desc limit 2",
  )
  t.same(repeats, [{ count: 48 }, { count: 1 }], 'the first of 49, and the rest of that minute')
  t.equal((await refresh(service, [...successors][0])).status, 200)
})

t.test('a session that nobody refreshes for 14 days ends, to the millisecond; a refresh begins them anew', async t => {
  const token = await newToken()
  clock.advance(14 * DAY - 1)
  const second = await refresh(service, token)
  t.equal(second.status, 200)
  clock.advance(14 * DAY - 1)
  const third = await refresh(service, second.body.refresh_token)
  t.equal(third.status, 200)
  clock.advance(14 * DAY)
  t.same(await auditedBy(service, () => refresh(service, third.body.refresh_token)), [
    'session.refresh failure session_over',
  ])
})

t.test('a session ends 90 days after the sign-in, however often it is refreshed', async t => {
  let token = await newToken()
  const signedInAtMs = clock.now()
  for (let days = 10; days < 90; days += 10) {
    clock.advance(10 * DAY)
    token = await next(token)
  }
  clock.advance(10 * DAY - MINUTE)
  token = await next(token)
  clock.advance(MINUTE - 1)
  token = await next(token)
  t.ok(token)
  clock.advance(1)
  t.equal(clock.now() - signedInAtMs, 90 * DAY)
  t.match(await refresh(service, token), refused)
})

t.test('with a grace of 0s no request can be repeated, not even at once', async t => {
  const strict = await serve(t, { clock: testClock(), environment: { SIGNET_REFRESH_GRACE: '0s' } })
  await addAlice(strict)
  const { refresh_token } = (await signIn(strict)).body
  const successor = (await refresh(strict, refresh_token)).body.refresh_token
  t.match(await refresh(strict, refresh_token), refused)
  t.match(await refresh(strict, successor), refused)
})
