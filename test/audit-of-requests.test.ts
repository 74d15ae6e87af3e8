import { hash as argon2 } from '@node-rs/argon2'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import { rowsOf } from './support/audit.ts'
import { exchange } from './support/raw-http.ts'
import { scene } from './support/scene.ts'
import { auditsAll, basic, byTest, claimsOf, password, refresh, secret, signIn } from './support/serve.ts'

const wrongPassword = 'wrong battery staple 11'

/** The request ids of the log, in order. */
const requestIds = (log: string): readonly string[] =>
  log
    .split('\n')
    .filter(line => line.includes('"msg":"request"'))
    .map(line => JSON.parse(line).request_id)

t.test('a sign-in appends one event: user, client, session, address, user agent, request id', async t => {
  const { service, userId, clientId, appended } = await scene(t)
  const headers = { 'user-agent': 'a browser' }
  const form = { grant_type: 'password', username: 'ＡLICE', password }
  const { body } = await service.token(form, { client: ['web-app', secret], headers })
  const { sid, sub } = claimsOf(body.access_token)
  t.equal(sub, userId)
  const origin = { actor: 'client', address: '127.0.0.1', user_agent: 'a browser' }
  const [request_id] = requestIds(service.log())
  t.type(request_id, 'string')
  await appended(
    'signed in',
    { ...origin, request_id: request_id ?? '' },
    {
      ...{ type: 'user.sign_in', user_id: userId, client_id: clientId, session_id: sid },
    },
  )
})

t.test('the address is that of X-Forwarded-For only when a trusted proxy says so; a user agent is cut', async t => {
  const headers = { 'x-forwarded-for': '203.0.113.7', 'user-agent': 'x'.repeat(1000) }
  for (const [SIGNET_TRUST_PROXY, address] of [
    ['none', '127.0.0.1'],
    ['127.0.0.0/8', '203.0.113.7'],
  ] as const) {
    const { service, appendedLike } = await scene(t, { environment: { SIGNET_TRUST_PROXY } })
    await service.token(
      { grant_type: 'password', username: 'alice', password: wrongPassword, client_id: 'spa' },
      { headers },
    )
    await appendedLike({ type: 'user.sign_in', address, user_agent: 'x'.repeat(256) })
  }
})

t.test('a user agent is stored without what a terminal or a page would obey', async t => {
  const { service, appendedLike } = await scene(t)
  const form = new URLSearchParams({ grant_type: 'password', username: 'alice', password }).toString()
  // C0 but what HTTP itself refuses, C1, the soft hyphen, and U+202E as its bytes arrive.
  const userAgent = Buffer.from('a\tb\x80\x85\x9b\x9fc\xadd\xe2\x80\xaee \xe9', 'latin1')
  const head = [
    'POST /oauth/token HTTP/1.1',
    `Host: ${new URL(service.issuer).host}`,
    `Authorization: ${basic(['web-app', secret])}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${form.length}`,
    'User-Agent: ',
  ].join('\r\n')
  const { status } = await exchange(
    service.issuer,
    Buffer.concat([Buffer.from(head), userAgent, Buffer.from(`\r\n\r\n${form}`)]),
  )
  t.equal(status, 200)
  const stored = 'abcd\xe2\xaee \xe9'
  await appendedLike({ type: 'user.sign_in', user_agent: stored })
  t.match(rowsOf(service.databaseFile, 'sessions'), [{ user_agent: stored }])
})

t.test('what a proxy passes on as an address and is none is not stored', async t => {
  const environment = { SIGNET_TRUST_PROXY: '127.0.0.0/8' }
  const { service, clock, fresh, appendedLike } = await scene(t, { environment })
  for (const [forwarded, address] of [
    ['unknown', null],
    ['_hidden', null],
    ['203.0.113.7, <script>', null],
    ['203.0.113.7:http', null],
    ['[2001:db8::7', null],
    ['999.0.0.1', null],
    ["'; drop table sessions; --", null],
    ['x'.repeat(4000), null],
    ['<script>, 203.0.113.7', '203.0.113.7'],
    ['2001:db8::7', '2001:db8::7'],
  ] as const) {
    clock.advance(1000)
    const form = { grant_type: 'password', username: 'alice', password }
    const headers = { 'x-forwarded-for': forwarded }
    const { body } = await service.token(form, { client: ['web-app', secret], headers })
    await appendedLike({ type: 'user.sign_in', address })
    const { sid } = claimsOf(body.access_token)
    const [listed] = await (await service.container.sessionManagement()).list({ sessionId: sid })
    t.equal(listed?.address, address, forwarded.slice(0, 40))
    await fresh()
  }
})

t.test('a failed sign-in appends one event with the reason that the answer keeps to itself', async t => {
  const { service, clock, userId, clientId, fresh, appendedLike } = await scene(t)
  const signInAs = (username: string, typed: string) =>
    service.token({ grant_type: 'password', username, password: typed }, { client: ['web-app', secret] })
  const failed = { type: 'user.sign_in', outcome: 'failure', client_id: clientId, session_id: null, actor: 'client' }
  await signInAs('alice', wrongPassword)
  await appendedLike({ ...failed, reason: 'wrong_password', user_id: userId })
  await signInAs('nobody', password)
  await appendedLike({ ...failed, reason: 'unknown_user', user_id: null })
  await service.users.setStatus('alice', 'disabled', byTest)
  await fresh()
  await signInAs('alice', password)
  await appendedLike({ ...failed, reason: 'user_disabled', user_id: userId })
  await signInAs('alice', wrongPassword)
  await appendedLike()
  await service.users.setStatus('alice', 'deleted', byTest)
  await fresh()
  await signInAs('alice', password)
  await appendedLike({ ...failed, reason: 'unknown_user', user_id: null })
  clock.advance(60_000)
  await appendedLike({ ...failed, reason: 'wrong_password', user_id: userId, count: 1 })
})

t.test('a user who changes while the password is being checked gets no token, and an event that says why', async t => {
  const held = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const { service, userId, clientId, fresh, appendedLike } = await scene(t, {
    faults: {
      hasher: real => ({
        hash: real.hash,
        async verify(stored, typed) {
          reached.resolve()
          await held.promise
          return real.verify(stored, typed)
        },
      }),
    },
  })
  const answer = signIn(service)
  await reached.promise
  await service.users.setStatus('alice', 'disabled', byTest)
  await fresh()
  held.resolve()
  t.equal((await answer).status, 400)
  const gone = { type: 'user.sign_in', outcome: 'failure', user_id: userId, client_id: clientId, session_id: null }
  await appendedLike({ ...gone, reason: 'user_changed' })
})

t.test(
  'a client that fails to authenticate appends one event, and one more for all that repeats it within the minute',
  async t => {
    const { service, clock, clientId, fresh, appendedLike } = await scene(t)
    const form = { grant_type: 'refresh_token', refresh_token: 'x' }
    const failed = { type: 'client.authenticate', outcome: 'failure', client_id: clientId, user_id: null }
    await service.token(form, { client: ['web-app', `${secret}x`] })
    await appendedLike({ ...failed, reason: 'wrong_secret' })
    await service.token({ ...form, client_id: 'web-app' })
    await appendedLike({ ...failed, reason: 'no_credentials' })
    await service.token(form, { client: ['nobody', secret] })
    await appendedLike({ ...failed, client_id: null, reason: 'unknown_client', name_hash: /^[\w-]{43}$/ })
    await service.token(form)
    for (const _ of [1, 2, 3]) await service.token(form, { client: ['web-app', `${secret}x`] })
    await appendedLike()
    clock.advance(60_000)
    await appendedLike({ ...failed, reason: 'wrong_secret', count: 3 })
    await service.clients.setStatus('web-app', 'disabled', byTest)
    await fresh()
    await service.token(form, { client: ['web-app', secret] })
    await appendedLike({ ...failed, reason: 'client_disabled' })
  },
)

t.test(
  'a refresh, its repetition and a reuse append one event each, and so does a late use; a broken token none',
  async t => {
    const { service, clock, userId, clientId, fresh, appendedLike } = await scene(t, { environment: auditsAll })
    const { body: first } = await signIn(service)
    const { sid } = claimsOf(first.access_token)
    await fresh()
    const common = { outcome: 'success', user_id: userId, client_id: clientId, session_id: sid, actor: 'client' }
    const { body: second } = await refresh(service, first.refresh_token)
    await appendedLike({ ...common, type: 'session.refresh', reason: null })
    await refresh(service, first.refresh_token)
    await appendedLike({ ...common, type: 'session.repeat', reason: null })
    clock.advance(31_000)
    t.equal((await refresh(service, first.refresh_token)).status, 400)
    await appendedLike({ ...common, type: 'session.end', reason: 'refresh_token_reuse', occurred_at_ms: clock.now() })
    const late = { ...common, type: 'session.refresh', outcome: 'failure', reason: 'session_over' }
    await refresh(service, first.refresh_token)
    await refresh(service, second.refresh_token)
    await appendedLike({ ...late, count: 1 })
    await refresh(service, 'unknown')
    clock.advance(60_000)
    await appendedLike({ ...late, count: 1 })
  },
)

t.test('a hash that is brought up to date appends an event beside the sign-in', async t => {
  const { service, userId, appendedLike } = await scene(t)
  const old = await argon2(password, { memoryCost: 4096, timeCost: 2, parallelism: 1 })
  const database = new Sqlite(service.databaseFile)
  database.prepare('update users set password_hash = ? where id = ?').run(old, userId)
  database.close()
  t.equal((await signIn(service)).status, 200)
  const done = { outcome: 'success', user_id: userId }
  await appendedLike({ ...done, type: 'user.upgrade_password_hash' }, { ...done, type: 'user.sign_in' })
  await signIn(service)
  await appendedLike({ ...done, type: 'user.sign_in' })
})
