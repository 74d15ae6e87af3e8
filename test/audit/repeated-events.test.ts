/** What a caller can repeat: the first of its kind is a row, and one more row counts the rest of its minute. */
import t from 'tap'
import { createHold } from '../support/hold.ts'
import { forwarded, guessed, MINUTE, wrong } from '../support/repeated-events.ts'
import { byTest, password, secret } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

t.test('the first is a row at once, and what repeats it one more when the minute is over', async t => {
  const { guess, clock, userId, clientId, appendedLike, service, fresh } = await guessed(t)
  for (const [username, who] of [
    ['alice', { user_id: userId, name_hash: null, reason: 'wrong_password' }],
    ['nobody', { user_id: null, name_hash: /^[\w-]{43}$/, reason: 'unknown_user' }],
  ] as const) {
    const failed = { type: 'user.sign_in', outcome: 'failure', client_id: clientId, session_id: null, ...who }
    const startMs = clock.now()
    await guess(username)
    const first = await fresh()
    t.match(first, [{ ...failed, count: 1, occurred_at_ms: startMs, address: '203.0.113.7' }])
    clock.advance(MINUTE / 3)
    await guess(username, '203.0.113.8', {}, { 'user-agent': 'the second' })
    await guess(username, '203.0.113.9', {}, { 'user-agent': 'the third' })
    await appendedLike()
    clock.advance((MINUTE * 2) / 3 - 1)
    await appendedLike()
    clock.advance(1)
    const last = { address: '203.0.113.9', user_agent: 'the third', occurred_at_ms: startMs + MINUTE / 3 }
    await appendedLike({ ...failed, count: 2, ...last })
    t.match(select(service.databaseFile, 'select * from audit_events where id = ?', first[0]?.id), first, 'as it was')
    clock.advance(MINUTE)
    t.same(await fresh(), [], 'nothing was repeated since')
  }
})

t.test('equal unknown names have equal hashes, however they are written, and others another one', async t => {
  const { guess, knock, fresh } = await guessed(t)
  const hashes: (string | null)[] = []
  for (const name of ['nobody', 'somebody']) await guess(name)
  await guess('NOBODY', '198.51.100.7')
  await knock('nobody')
  for (const { name_hash: hash } of await fresh()) hashes.push(hash)
  const [nobody, somebody, again, client] = hashes
  t.equal(hashes.length, 4)
  t.equal(again, nobody)
  t.equal(new Set([nobody, somebody, client]).size, 3, 'a client of that name is somebody else')
})

t.test('nothing that a caller can vary at will makes a row of each request', async t => {
  const { guess, device, clock, service, fresh, appendedNow } = await guessed(t)
  const sessions = [await device({ clientId: 'web-app' }), await device({ clientId: 'web-app' })]
  for (const { refreshToken: token } of sessions)
    await service.get('/oauth/revoke', { form: { token }, client: ['web-app', secret] })
  await fresh()
  const asks = (form: Readonly<Record<string, string>>, headers = {}) =>
    service.token(form, { client: ['web-app', secret], headers })
  const varied: readonly (readonly [string, (n: number) => Promise<unknown>])[] = [
    ['user.sign_in wrong_password', n => guess('alice', `203.0.113.${n}`, { password: `${wrong} ${n}` })],
    ['user.sign_in wrong_password', n => guess('alice', '203.0.113.1', {}, { 'user-agent': `agent ${n}` })],
    ['user.sign_in unknown_user', n => guess(n % 2 === 0 ? 'nobody' : 'NoBody')],
    [
      'client.grant invalid_scope',
      n => asks({ grant_type: 'password', username: 'a', password: 'b', scope: `a:${n}` }),
    ],
    ['client.grant unsupported_grant_type', n => asks({ grant_type: `none-${n}` })],
    ['client.grant invalid_request', n => asks({ grant_type: 'refresh_token', scope: `x:${n}` })],
    [
      'session.refresh session_over',
      n => asks({ grant_type: 'refresh_token', refresh_token: sessions[n % 2]?.refreshToken ?? '', scope: `x:${n}` }),
    ],
  ]
  for (const [kind, act] of varied) {
    for (const n of [1, 2, 3, 4]) await act(n)
    t.same(await appendedNow(), [`1 × ${kind}`])
    clock.advance(MINUTE)
    t.same(await appendedNow(), [`3 × ${kind}`])
    // Throttling forgets.
    clock.advance(60 * MINUTE)
  }
})

t.test('each client, reason, user and network is counted by itself', async t => {
  const { guess, service, appendedNow } = await guessed(t)
  const failed = '1 × user.sign_in wrong_password'
  await guess('alice')
  await guess('alice', '198.51.100.7')
  await guess('alice', '2001:db8:1::1')
  await guess('alice', '2001:db8:2::1')
  await guess('bob')
  await service.token(
    { grant_type: 'password', username: 'alice', password: wrong, client_id: 'spa' },
    forwarded('203.0.113.7'),
  )
  t.same(await appendedNow(), Array(6).fill(failed))
  for (const address of ['203.0.113.99', '::ffff:203.0.113.98', '198.51.100.99', '2001:db8:1:ffff::1'])
    await guess('alice', address)
  t.same(await appendedNow(), [], 'of the same networks')
})

t.test('a clock that is set back or forward ends the minute and loses nothing', async t => {
  const { guess, clock, appendedNow } = await guessed(t)
  const first = '1 × user.sign_in wrong_password'
  for (const step of [-3_600_000, 3_600_000]) {
    for (const _ of [1, 2, 3]) await guess('alice', '203.0.113.7')
    t.same(await appendedNow(), [first])
    clock.advance(step)
    t.same(await appendedNow(), ['2 × user.sign_in wrong_password'])
    await guess('alice', '203.0.113.7')
    t.same(await appendedNow(), [first])
    clock.advance(MINUTE)
    t.same(await appendedNow(), [])
  }
})

t.test('no answer waits for the row', async t => {
  const hold = createHold()
  const { guess, fresh, appendedNow } = await guessed(t, {
    faults: { write: write => (work, size) => hold.pass(() => write(work, size)) },
  })
  await fresh()
  hold.close()
  for (const name of ['alice', 'nobody']) t.equal((await guess(name)).status, 400, name)
  await hold.waiting(1)
  hold.open()
  t.equal((await appendedNow()).length, 2)
})

t.test('what was done is a row each time, however often', async t => {
  const { service, fresh, appendedNow } = await guessed(t)
  for (const _ of [1, 2]) {
    await service.token({ grant_type: 'password', username: 'alice', password }, { client: ['web-app', secret] })
    await service.users.setStatus('bob', 'disabled', byTest)
  }
  t.same(await appendedNow(), [
    ...['1 × user.sign_in null', '1 × user.disable null'],
    ...['1 × user.sign_in null', '1 × user.disable null'],
  ])
  t.same(await fresh(), [])
})
