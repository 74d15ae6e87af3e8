import { test } from 'tap'
import { isoTime } from '../support/command-line.ts'
import { isError } from '../support/error-shape.ts'
import { scene, type Tokens } from '../support/scene.ts'
import { byTest } from '../support/serve.ts'
import { notOnPostgres } from '../support/sqlite.ts'

const iso = (milliseconds: number) => new Date(milliseconds).toISOString()
const minute = 60_000
const idleTtl = 14 * 24 * 3_600_000

test('/me says who is signed in, as it is now and not as it was at the sign-in', async t => {
  const { service, as, device, userId } = await scene(t)
  const here = await device()
  const me = await as(here, 'GET', '/me')
  t.match(me.body.created_at, isoTime)
  const alice = { user_id: userId, username: 'alice', created_at: me.body.created_at, session_id: here.sid }
  t.strictSame(me.body, { ...alice, roles: ['editor'] })
  t.equal(me.headers.get('content-type'), 'application/json; charset=utf-8')
  await service.roles.revoke('editor', 'alice', byTest)
  const again = await device()
  t.strictSame((await as(again, 'GET', '/me')).body, { ...alice, session_id: again.sid, roles: [] })
})

const skip = notOnPostgres('its own clock tells when a session was used')
test('the sessions are listed with these members and no other, the one used last first', { skip }, async t => {
  const { as, device, refresh, clock } = await scene(t)
  const startMs = clock.now()
  const here = await device()
  clock.advance(minute)
  const there = await device({ clientId: 'web-app', headers: { 'user-agent': 'a telephone' } })
  const common = { address: '127.0.0.1', forwarded_by: null, user_agent: 'a browser' }
  const first = {
    ...common,
    id: here.sid,
    client_id: 'account',
    created_at: iso(startMs),
    last_used_at: iso(startMs),
    expires_at: iso(startMs + idleTtl),
    current: true,
  }
  const second = {
    ...common,
    id: there.sid,
    client_id: 'web-app',
    created_at: iso(startMs + minute),
    last_used_at: iso(startMs + minute),
    expires_at: iso(startMs + minute + idleTtl),
    user_agent: 'a telephone',
    current: false,
  }
  t.strictSame((await as(here, 'GET', '/me/sessions')).body, { sessions: [second, first] })

  clock.advance(minute)
  await refresh(here.refreshToken, { headers: { 'user-agent': 'a browser' } })
  const used = { ...first, last_used_at: iso(clock.now()), expires_at: iso(clock.now() + idleTtl) }
  t.strictSame((await as(here, 'GET', '/me/sessions')).body, { sessions: [used, second] }, 'a refresh is a use')
})

test('which session is the current one depends on the token that asks', async t => {
  const { as, device } = await scene(t)
  const both = [await device(), await device()]
  for (const { sid, access } of both) {
    const { sessions } = (await as({ access }, 'GET', '/me/sessions')).body
    t.same(
      sessions.filter((each: { current: boolean }) => each.current).map((each: { id: string }) => each.id),
      [sid],
    )
  }
})

test('only what is alive is listed, and only what is one’s own', async t => {
  const { service, as, device, refresh, revoke, clock } = await scene(t)
  const idsOf = async (tokens: Tokens) =>
    (await as(tokens, 'GET', '/me/sessions')).body.sessions.map(({ id }: { id: string }) => id)
  const bob = await device({ username: 'bob' })
  const ended = await device()
  await revoke(ended.refreshToken)
  const idle = await device()
  clock.advance(idleTtl - minute)
  const here = await device()
  t.same(await idsOf(here), [here.sid, idle.sid])
  t.equal((await refresh(bob.refreshToken)).status, 200)
  clock.advance(minute)
  t.same(await idsOf(here), [here.sid], 'what nobody used for 14 days is over')
  const bobAgain = await device({ username: 'bob' })
  t.same(await idsOf(bobAgain), [bobAgain.sid, bob.sid], 'bob sees what is his')
  await service.users.setStatus('bob', 'deleted', byTest)
  t.same(await idsOf(here), [here.sid])
})

test('address and user agent are those of the last use, also behind a trusted proxy', async t => {
  for (const [SIGNET_TRUST_PROXY, first, second] of [
    ['none', '127.0.0.1', '127.0.0.1'],
    ['127.0.0.0/8', '203.0.113.7', '2001:db8::7'],
  ] as const) {
    await t.test(`SIGNET_TRUST_PROXY=${SIGNET_TRUST_PROXY}`, async t => {
      const { as, device, refresh } = await scene(t, { environment: { SIGNET_TRUST_PROXY } })
      const here = await device({ headers: { 'x-forwarded-for': '203.0.113.7', 'user-agent': 'a browser' } })
      const seen = async () => {
        const { address, user_agent } = (await as(here, 'GET', '/me/sessions')).body.sessions[0]
        return [address, user_agent]
      }
      t.same(await seen(), [first, 'a browser'])
      const headers = { 'x-forwarded-for': '198.51.100.1, 2001:db8::7', 'user-agent': 'x'.repeat(300) }
      const again = await refresh(here.refreshToken, { headers })
      t.equal(again.status, 200)
      t.same(await seen(), [second, 'x'.repeat(256)], 'and a user agent is cut')
      await as(here, 'GET', '/me', { headers: { 'user-agent': 'another', 'x-forwarded-for': '192.0.2.1' } })
      t.same(await seen(), [second, 'x'.repeat(256)], 'to look is no use: nothing is written for it')
    })
  }
})

test('no answer about sessions may be stored, and other methods are refused by name', async t => {
  const { as, device } = await scene(t)
  const here = await device()
  for (const path of ['/me', '/me/sessions']) {
    const answer = await as(here, 'GET', path, { headers: { 'if-none-match': '*' } })
    t.same([answer.status, answer.headers.get('cache-control')], [200, 'no-store'])
    t.equal(answer.headers.get('etag'), null)
  }
  for (const [method, path, allow] of [
    ['POST', '/me', 'GET, HEAD'],
    ['PUT', '/me/sessions', 'GET, HEAD, DELETE'],
    ['GET', '/me/sessions/session_0', 'DELETE'],
    ['GET', '/me/password', 'POST'],
  ] as const) {
    const answer = await as(here, method, path)
    isError(t, answer, [405, 'method_not_allowed'])
    t.same(answer.headers.get('allow')?.split(', ').sort(), allow.split(', ').sort(), `${method} ${path}`)
  }
})
