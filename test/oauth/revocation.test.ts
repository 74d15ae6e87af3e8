import t, { type Test } from 'tap'
import { StorageUnavailable, type Write } from '../../src/records/unit-of-work.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { badToken, ended, good, page, scene, tokensOf } from '../support/scene.ts'
import { type Answer, password, secret } from '../support/serve.ts'
import { everythingIn, select } from '../support/sqlite.ts'
import { isRevoked, statusIn, storedAs, storedRevocations } from '../support/status-list.ts'

const MINUTE_MS = 60_000

/** RFC 7009 §2.2: nothing is said but that it is done, in JSON, since some clients fail on anything else. */
function isDone(t: Test, { status, text, headers }: Answer): void {
  t.same([status, text], [200, '{}'])
  t.same([headers.get('cache-control'), headers.get('pragma')], ['no-store', 'no-cache'])
  t.equal(headers.get('content-type'), 'application/json; charset=utf-8')
}

t.test('a refresh token ends its session with every access token of it, and no other session', async t => {
  const its = await scene(t)
  const [first, other] = [await its.device(), await its.device()]
  const second = await its.refreshed(first)
  for (const device of [first, second, other]) t.same(await its.verdictOn(device), good)
  isDone(t, await its.revoke(second.refreshToken))
  for (const device of [first, second]) t.same(await its.verdictOn(device), ended)
  for (const { refreshToken } of [first, second]) t.equal((await its.refresh(refreshToken)).text, badToken)
  t.same(await its.verdictOn(other), good)
  t.same(await its.verdictOn(await its.refreshed(other)), good)
})

t.test('every generation of a refresh token ends the session, and none of them is taken for a reuse', async t => {
  const its = await scene(t)
  for (const [age, name] of ['current', 'previous', 'two before', 'three before'].entries()) {
    const first = await its.device()
    const second = await its.refreshed(first)
    const third = await its.refreshed(second)
    const newest = await its.refreshed(third)
    const generations = [newest, third, second, first]
    const presented = generations[age] ?? newest
    await its.fresh()
    isDone(t, await its.revoke(presented.refreshToken))
    await its.appendedLike({ type: 'session.end', reason: 'token_revoked' })
    t.equal((await its.refresh(newest.refreshToken)).text, badToken, name)
    for (const generation of generations) t.same(await its.verdictOn(generation), ended, name)
  }
})

t.test('a refresh token ends its session long after the grace, too', async t => {
  const its = await scene(t)
  const first = await its.device()
  const second = await its.refreshed(first)
  its.clock.advance(5 * MINUTE_MS)
  isDone(t, await its.revoke(first.refreshToken))
  t.same(await its.verdictOn(second), ended)
})

t.test('an access token ends with its siblings, and the session goes on with a fresh index', async t => {
  const its = await scene(t)
  const [first, other] = [await its.device(), await its.device()]
  const second = await its.refreshed(first)
  t.same(statusIn(second.access), statusIn(first.access))
  isDone(t, await its.revoke(first.access))
  for (const device of [first, second]) t.same(await its.verdictOn(device), ended)
  t.same(await its.verdictOn(other), good)

  const third = await its.refreshed(second)
  t.equal(third.sid, first.sid)
  t.notSame(statusIn(third.access), statusIn(second.access))
  t.same(await its.verdictOn(third), good)
  const fourth = await its.refreshed(third)
  t.same(statusIn(fourth.access), statusIn(third.access), 'which it keeps')
  for (const device of [first, second]) t.same(await its.verdictOn(device), ended, 'and the others stay revoked')

  isDone(t, await its.revoke(fourth.refreshToken))
  for (const device of [third, fourth]) t.same(await its.verdictOn(device), ended)
})

t.test('the access token of a session that has no refresh token ends the session: it is listed no more', async t => {
  const its = await scene(t)
  const { service, userId: user_id } = its
  const audiences = [service.issuer]
  const { client } = await addClient(service, { clientId: 'once', grants: ['password'], audiences })
  const [here, once, other] = [
    await its.device(),
    await its.device({ clientId: 'once' }),
    await its.device({ clientId: 'once' }),
  ]
  t.notOk(once.refreshToken)
  const management = await service.container.sessionManagement()
  const listed = async () => (await management.list({ subjectId: user_id })).map(({ id }) => id)
  t.same((await listed()).toSorted(), [here.sid, once.sid, other.sid].toSorted())
  await its.fresh()
  for (const _ of ['revoked', 'again']) isDone(t, await its.revoke(once.access, { client: ['once', secret] }))
  const who = { user_id, client_id: client.id, session_id: once.sid }
  await its.appendedLike({ type: 'session.end', outcome: 'success', reason: 'token_revoked', ...who })
  t.same(await its.verdictOn(once), ended)
  t.same((await listed()).toSorted(), [here.sid, other.sid].toSorted())
  for (const each of [here, other]) t.same(await its.verdictOn(each), good)
})

t.test('a refresh that is repeated after its access token was revoked gives one that is not', async t => {
  const its = await scene(t)
  const first = await its.device()
  const second = await its.refreshed(first)
  isDone(t, await its.revoke(second.access))
  const again = await its.refreshed(first)
  t.equal(again.refreshToken, second.refreshToken, 'the same lineage')
  t.same(await its.verdictOn(again), good)
  t.same(await its.verdictOn(second), ended)
  t.same(statusIn((await its.refreshed(again)).access), statusIn(again.access))
})

t.test('what has just expired is revoked for the verifiers whose clocks are slow', async t => {
  const its = await scene(t)
  const [one, two] = [await its.device(), await its.device()]
  its.clock.advance(14 * MINUTE_MS)
  isDone(t, await its.revoke(one.access))
  isDone(t, await its.revoke(two.refreshToken))
  t.ok(await isRevoked(statusIn(one.access)))
  t.ok(await isRevoked(statusIn(two.access)))
})

t.test('the refresh token of a session that is over still ends the access tokens that are not', async t => {
  const environment = { SIGNET_REFRESH_IDLE_TTL: '1m', SIGNET_ACCESS_TOKEN_TTL: '10m' }
  const its = await scene(t, { environment })
  const device = await its.device()
  its.clock.advance(2 * MINUTE_MS)
  isDone(t, await its.revoke(device.refreshToken))
  t.same(await its.verdictOn(device), ended)
})

t.test('a hint that is wrong or unknown changes nothing', async t => {
  const its = await scene(t)
  for (const token_type_hint of ['access_token', 'refresh_token', 'id_token', '', 'access_token refresh_token']) {
    const [one, two] = [await its.device(), await its.device()]
    isDone(t, await its.revoke(one.refreshToken, { form: { token_type_hint } }))
    isDone(t, await its.revoke(two.access, { form: { token_type_hint } }))
    t.same(await its.verdictOn(one), ended, token_type_hint)
    t.equal((await its.refresh(one.refreshToken)).status, 400)
    t.same(await its.verdictOn(two), ended, token_type_hint)
    t.equal((await its.refresh(two.refreshToken)).status, 200)
  }
})

t.test('a client without a secret revokes by its client_id alone', async t => {
  const its = await scene(t)
  const form = { grant_type: 'password', username: 'alice', password, client_id: 'spa' }
  const [one, two] = [tokensOf(await its.service.token(form)), tokensOf(await its.service.token(form))]
  const own = { client: null, form: { client_id: 'spa' } }
  isDone(t, await its.revoke(one.refreshToken, own))
  isDone(t, await its.revoke(two.access, own))
  for (const { access } of [one, two]) {
    t.equal((await its.introspect(access)).body.active, false)
    t.ok(await isRevoked(statusIn(access)))
  }
})

t.test('a client may authenticate in the body, and revoke for users of its pages', async t => {
  const its = await scene(t)
  const device = await its.device()
  const body = { client: null, form: { client_id: 'account', client_secret: secret } }
  const answer = await its.revoke(device.refreshToken, { ...body, headers: { origin: page } })
  isDone(t, answer)
  t.equal(answer.headers.get('access-control-allow-origin'), page)
  t.same(await its.verdictOn(device), ended)
})

t.test('to revoke again is no error and writes nothing', async t => {
  const its = await scene(t)
  const [one, two] = [await its.device(), await its.device()]
  await its.revoke(one.refreshToken)
  await its.revoke(two.access)
  const before = everythingIn(its.service.databaseFile)
  for (const token of [one.refreshToken, one.access, two.access]) isDone(t, await its.revoke(token))
  t.same(everythingIn(its.service.databaseFile), before)
})

t.test('a revocation writes one row, and one event that says who, what, from where and why', async t => {
  const its = await scene(t)
  const { userId: user_id, accountId: client_id, service } = its
  const device = await its.device({ headers: { 'user-agent': 'a browser' } })
  await its.fresh()
  const rows = () => storedRevocations(service.databaseFile)
  const headers = { 'user-agent': 'a phone' }

  const first = await its.revoke(device.access, { headers })
  const origin = { actor: 'client', address: '127.0.0.1', user_agent: 'a phone', user_id, client_id }
  const event = { ...origin, session_id: device.sid }
  await its.appended('an access token', event, { type: 'access_token.revoke', request_id: idOf(first) })
  t.same(rows(), [storedAs(statusIn(device.access))])

  const next = await its.refreshed(device)
  await its.fresh()
  const second = await its.revoke(next.refreshToken, { headers })
  await its.appended('a refresh token', event, {
    type: 'session.end',
    reason: 'token_revoked',
    request_id: idOf(second),
  })
  t.same(
    rows(),
    [device, next].map(({ access }) => storedAs(statusIn(access))),
  )
  const untilMs = select(service.databaseFile, 'select until_ms from revocations').map(row => row['until_ms'])
  for (const until of untilMs) t.ok(until - its.clock.now() > 15 * MINUTE_MS, 'longer than any verifier accepts it')
})

const idOf = ({ headers }: Answer): string | null => headers.get('x-request-id')

t.test('a revocation that cannot be written is never answered with 200, and the token works on', async t => {
  let broken: 'before' | 'after' | undefined
  const write =
    (inner: Write): Write =>
    async work => {
      if (broken === 'before') throw new StorageUnavailable('The disk is full.')
      const result = await inner(work)
      if (broken === 'after') throw new StorageUnavailable('The connection was lost.')
      return result
    }
  const its = await scene(t, { faults: { write } })
  const devices = [await its.device(), await its.device()] as const
  const tokens = [devices[0].refreshToken, devices[1].access]
  for (const token of tokens) {
    broken = 'before'
    const answer = await its.revoke(token)
    broken = undefined
    isError(t, answer, [503, 'temporarily_unavailable'])
    t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
    for (const device of devices) t.same(await its.verdictOn(device), good)
  }
  const later = [await its.refreshed(devices[0]), await its.refreshed(devices[1])]

  // The commit is there, its answer is not: nobody may go by the documents of before.
  for (const token of tokens) {
    broken = 'after'
    isError(t, await its.revoke(token), [503, 'temporarily_unavailable'])
    broken = undefined
  }
  for (const device of [...devices, ...later]) t.same(await its.verdictOn(device), ended)
  for (const token of tokens) isDone(t, await its.revoke(token))
})
