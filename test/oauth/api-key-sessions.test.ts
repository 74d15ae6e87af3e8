/** The rows that machines' tokens hang on are no sign-ins: nobody sees them as such, and they take no place. */
import t from 'tap'
import { EXCHANGE } from '../support/asking-machines.ts'
import { isError } from '../support/error-shape.ts'
import { type MadeKey, machines } from '../support/machines.ts'
import { byTest, claimsOf, secret } from '../support/serve.ts'
import { auditedBy, everythingIn, sessionsOf } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const broker = { client: ['broker', secret] } as const
const idsOf = (sessions: readonly { id: string }[]) => sessions.map(({ id }) => id)

t.test('in the lists of sessions there are sign-ins alone', async t => {
  const { make, given, ask, as, device, json, service } = await machines(t)
  const { api_key } = await make()
  for (const more of [{}, broker]) await given(api_key, {}, more)
  await ask()
  const here = await device()
  t.equal(sessionsOf(service.databaseFile).length, 4)
  t.same(idsOf((await as(here, 'GET', '/me/sessions')).body.sessions), [here.sid])
  for (const words of [[], ['--user', 'alice']]) t.same(idsOf(await json(['sessions', 'list', ...words])), [here.sid])
  for (const clientId of ['gateway', 'broker', 'worker'])
    t.same(await json(['sessions', 'list', '--client', clientId]), [])
})

t.test('a key takes no place of a sign-in, and sign-ins none of a key', async t => {
  const environment = { SIGNET_SESSION_LIMIT: '2' }
  const { make, given, attempt, works, service, clock } = await machines(t, { environment })
  await service.clients.update('account', { grants: ['password', 'refresh_token', EXCHANGE], scope: ['*'] }, byTest)
  const account = { client: ['account', secret] } as const
  const form = (key: MadeKey) => given(key.api_key, {}, account)
  const keys = [await make(), await make(), await make()]
  const tokens = [await form(keys[0] as MadeKey), await form(keys[1] as MadeKey)]
  const first = (await attempt()).body.access_token
  clock.advance(1000)
  const second = (await attempt()).body.access_token
  tokens.push(await form(keys[2] as MadeKey))
  t.same([await works(first), await works(second)], [true, true], 'keys end no sign-in')
  clock.advance(1000)
  const third = (await attempt()).body.access_token
  t.same([await works(first), await works(second), await works(third)], [false, true, true])
  for (const access of tokens) t.ok(await works(access), 'sign-ins end no key')
})

t.test('one key through one client is one row, whoever asks at once; a second token writes nothing', async t => {
  const { make, exchange, service, clock } = await machines(t)
  const { api_key, api_key_id } = await make()
  const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(api_key)))
  t.same(new Set(answers.map(({ status }) => status)), new Set([200]))
  const rows = sessionsOf(service.databaseFile)
  t.match(rows, [{ credential_id: api_key_id, handle_hash: null, current_hash: null, ended_at_ms: null }])
  t.equal(rows.length, 1)
  const before = everythingIn(service.databaseFile)
  clock.advance(5 * 60_000)
  t.equal((await exchange(api_key)).status, 200)
  t.same(everythingIn(service.databaseFile), before)
  t.equal((await exchange(api_key, {}, broker)).status, 200)
  t.equal(sessionsOf(service.databaseFile).length, 2, 'through another client another one')
})

t.test("the audit has a key's grant when its row is written, with the key; each where all are asked for", async t => {
  const its = await machines(t)
  const { api_key, api_key_id } = await its.make()
  const { id } = await its.service.clients.find('gateway')
  await its.fresh()
  await its.exchange(api_key)
  const expected = { outcome: 'success', actor: 'client', user_id: its.userId, client_id: id, target: api_key_id }
  await its.appendedLike({ ...expected, type: 'api_key.exchange', address: '127.0.0.1' })
  await its.exchange(api_key)
  await its.appendedLike()
  const all = await machines(t, { environment: { SIGNET_AUDIT_GRANTS: 'all' } })
  const key = await all.make()
  for (const _ of [1, 2])
    t.same(await auditedBy(all.service, () => all.exchange(key.api_key)), ['api_key.exchange success'])
})

t.test(
  "sessions revoke --client ends machines' tokens, too, which then ask again; --user ends keys' tokens",
  async t => {
    const { make, given, ask, json, works, exchange } = await machines(t)
    const { api_key } = await make()
    const byGateway = await given(api_key)
    const byBroker = await given(api_key, {}, broker)
    const own = (await ask()).body.access_token
    t.strictSame(await json(['sessions', 'revoke', '--client', 'worker']), { revoked: 1 })
    t.notOk(await works(own))
    const again = (await ask()).body.access_token
    t.same([await works(again), await works(own)], [true, false])
    t.strictSame(await json(['sessions', 'revoke', '--client', 'broker']), { revoked: 1 })
    t.same([await works(byGateway), await works(byBroker)], [true, false])
    t.ok(await works(await given(api_key, {}, broker)))
    t.strictSame(await json(['sessions', 'revoke', '--user', 'alice']), { revoked: 2 })
    t.notOk(await works(byGateway))
    t.equal((await exchange(api_key)).status, 200, 'the key works')
  },
)

t.test('at /me a machine has nothing to look for', async t => {
  const { make, given, ask, service, fresh, appendedLike } = await machines(t)
  await service.clients.update('worker', { audiences: [service.issuer] }, byTest)
  const ofKey = await given((await make()).api_key)
  const own = (await ask()).body.access_token
  t.equal(claimsOf(own).aud, service.issuer)
  await fresh()
  for (const [method, path] of [
    ['GET', '/me'],
    ['GET', '/me/sessions'],
    ['DELETE', '/me/sessions/session_0'],
    ['DELETE', '/me/sessions?all=true'],
    ['POST', '/me/password'],
    ['GET', '/me/api-keys'],
    ['POST', '/me/api-keys'],
    ['DELETE', '/me/api-keys/key_0'],
  ] as const) {
    const headers = (access: string) => ({ method, headers: { authorization: `Bearer ${access}` } })
    isError(t, await service.get(path, headers(ofKey)), [401, 'invalid_token'])
    const refused = await service.get(path, headers(own))
    isError(t, refused, [403, 'insufficient_scope'])
    t.match(refused.headers.get('www-authenticate'), /^Bearer realm="signet", error="insufficient_scope"/)
  }
  await appendedLike()
})
