import t from 'tap'
import { auditScene, type Event, from, MINUTE_MS, summary } from '../support/audit-scene.ts'
import { commandLine, isoTime } from '../support/command-line.ts'
import { byTest, password } from '../support/serve.ts'
import { change } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

t.test('who signed in as alice, from where, and what was done with it is one command', async t => {
  const { service, clock, alice, typed, list } = await auditScene(t)
  await service.users.add({ username: 'bob', password, roles: [] }, byTest)
  clock.advance(MINUTE_MS)
  await typed('Alice', 'not her password 1', '203.0.113.9')
  await typed('bob', password, '203.0.113.9')
  const { body } = await typed('alice', password, '203.0.113.9')
  clock.advance(MINUTE_MS)
  const moved = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: body.refresh_token }
  const { body: next } = await service.token(moved, { headers: from('198.51.100.7') })
  await service.get('/oauth/revoke', {
    form: { token: next.refresh_token, client_id: 'spa' },
    headers: from('198.51.100.7'),
  })
  clock.advance(MINUTE_MS)
  await service.users.setStatus('alice', 'disabled', byTest)
  await typed('alice', password, '198.51.100.8')
  await service.stop()

  const events = await list('--user', 'ALICE')
  t.same(summary(events), [
    'user.add success',
    'role.grant success',
    'user.sign_in failure wrong_password',
    'user.sign_in success',
    'session.refresh success',
    'session.end success token_revoked',
    'user.disable success',
    'user.sign_in failure user_disabled',
  ])
  const [added, , wrong, signedIn, refreshed] = events
  t.match(added, { actor: 'operator:test', address: null, client: null, client_id: null })
  t.match(wrong, {
    user_id: alice.userId,
    username: 'alice',
    client_id: 'spa',
    address: '203.0.113.9',
    session_id: null,
  })
  t.equal(refreshed?.['session_id'], signedIn?.['session_id'])
  t.equal(refreshed?.['address'], '198.51.100.7')
  t.same(await list('--user', alice.userId), events, 'by the id, too')
  t.same(summary(await list('--user', 'alice', '--since', '70s', '--type', 'user')), [
    'user.disable success',
    'user.sign_in failure user_disabled',
  ])
})

t.test('an event has these members and no other, and holds no password and no token', async t => {
  const { service, list, typed } = await auditScene(t)
  const { body } = await typed('alice', password, '203.0.113.9')
  await typed('alice', 'a typed secret 12345', '203.0.113.9')
  await typed('my password as a name', 'x', '203.0.113.9')
  await service.stop()
  const events = await list()
  const event = events.find(({ type, outcome }) => type === 'user.sign_in' && outcome === 'success') as Event
  t.match(event, { id: /^event_/, occurred_at: isoTime, client: /^client_/, session_id: /^session_/, request_id: /./ })
  const { id, occurred_at, user_id, client, session_id, request_id, seal } = event
  t.strictSame(event, {
    ...{ id, type: 'user.sign_in', occurred_at, outcome: 'success', reason: null, actor: 'client' },
    actor_name: null,
    ...{ user_id, username: 'alice', client_id: 'spa', client, session_id, target: null },
    ...{ address: '203.0.113.9', user_agent: 'a browser', request_id, count: 1, name_hash: null, details: null, seal },
  })
  const secrets = [password, 'a typed secret', 'my password as a name', body.access_token, body.refresh_token]
  for (const secret of secrets) t.notOk(JSON.stringify(events).includes(secret))
})

t.test(
  'a name that nobody has finds what was tried with it, and a name that somebody had finds all who had it',
  async t => {
    const { service, list, run, typed } = await auditScene(t)
    await typed('Carol', 'guess number one', '203.0.113.9')
    await typed('dave', 'guess number one', '203.0.113.9')
    const add = (reusesName = false) =>
      service.users.add({ username: 'carol', password, roles: [], reusesName }, byTest)
    const first = await add()
    await service.users.setStatus('carol', 'deleted', byTest)
    const second = await add(true)
    await service.get('/oauth/token', {
      form: { grant_type: 'client_credentials' },
      client: ['nobody', 'x'.repeat(32)],
    })
    await service.stop()
    const carols = await list('--user', 'carol')
    t.same(summary(carols), [
      'user.sign_in failure unknown_user',
      'user.add success',
      'user.delete success',
      'user.add success',
    ])
    t.same(
      carols.map(event => event['user_id']),
      [null, first.userId, first.userId, second.userId],
    )
    const none = await run(['audit', 'list', '--json', '--user', 'dave'])
    t.same(summary(JSON.parse(none.stdout)), ['user.sign_in failure unknown_user'])
    t.equal(none.stderr, 'No user has or had this name.\n')
    const unknown = await run(['audit', 'list', '--json', '--client', 'nobody'])
    t.same(summary(JSON.parse(unknown.stdout)), ['client.authenticate failure unknown_client'])
    t.equal(unknown.stderr, 'No client has or had this id.\n')
  },
)

t.test('without the audit key the rest is shown, and it is said what is not', async t => {
  const { service, run, typed } = await auditScene(t)
  await typed('carol', 'guess number one', '203.0.113.9')
  await service.stop()
  const elsewhere = { ...service.environment, SIGNET_KEYS_DIR: `${service.folder}/elsewhere` }
  const { json } = await commandLine(t, service.environment)
  t.equal((await json(['audit', 'list', '--user', 'carol'])).length, 1)
  const { code, stdout, stderr } = await (await commandLine(t, elsewhere)).run([
    'audit',
    'list',
    '--json',
    '--user',
    'alice',
  ])
  t.same([code, summary(JSON.parse(stdout))], [0, ['user.add success', 'role.grant success']])
  t.match(stderr, /^What was tried with this name while nobody had it is not shown: .*\n$/)
  t.equal((await run(['audit', 'list', '--user', 'alice'])).stderr, '')
})

t.test('what was done with an API key is found at its user, also when it was refused', async t => {
  const { service, json, list } = await auditScene(t)
  await json([
    'clients',
    'add',
    'gateway',
    '--public',
    '--grant',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    '--scope',
    'posts:read',
    '--audience',
    'https://api.example.com',
  ])
  const { api_key, api_key_id } = await json([
    'api-keys',
    'create',
    '--user',
    'alice',
    '--name',
    'a',
    '--scope',
    'posts:read',
  ])
  const exchange = () =>
    service.token({
      ...{
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        client_id: 'gateway',
        subject_token: api_key,
      },
      subject_token_type: 'urn:signet:params:oauth:token-type:api-key',
    })
  const { status } = await exchange()
  t.equal(status, 200)
  await json(['api-keys', 'revoke', api_key_id])
  t.equal((await exchange()).status, 400)
  await service.stop()
  const events = await list('--user', 'alice', '--type', 'api_key', '--type', 'session')
  t.same(summary(events), [
    'api_key.create success',
    'api_key.exchange success',
    'session.end success api_key_revoked',
    'api_key.revoke success revoked_by_operator',
    'api_key.exchange failure api_key_revoked',
  ])
  for (const event of events) t.equal(event['target'], api_key_id)
})

t.test(
  'who signed in as alice last night fits 80 columns, and attempts with one unknown name show as a pattern',
  async t => {
    const { service, clock, text, typed } = await auditScene(t)
    const [name, from6] = ['firstname.lastname@subsidiary.example.com', '2001:db8:85a3:1234:5678:8a2e:370:7334']
    await service.users.add({ username: name, password, roles: ['editor'] }, byTest)
    clock.advance(48 * 60 * MINUTE_MS)
    await typed('alice', 'a wrong password 1', '203.0.113.9')
    await typed('alice', password, '203.0.113.9')
    await typed(name, password, from6)
    await typed('carol', 'a wrong password 1', '203.0.113.9')
    await typed('dave', 'a wrong password 1', '203.0.113.9')
    await typed('Carol', 'a wrong password 1', '198.51.100.7')
    await service.stop()
    const lines = async (...words: readonly string[]) =>
      (await text(['audit', ...words]))
        .replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/gm, 'TIME')
        .trimEnd()
        .split('\n')
    const below = ' '.repeat(22)
    t.same(await lines('list', '--user', 'alice', '--type', 'user.sign_in', '--since', '24h'), [
      'TIME  FAILED  user.sign_in  user=alice  from=203.0.113.9',
      `${below}client=spa  wrong_password`,
      'TIME  ok      user.sign_in  user=alice  from=203.0.113.9',
      `${below}client=spa`,
    ])
    t.same(await lines('list', '--user', name, '--since', '24h'), [
      'TIME  ok      user.sign_in',
      `${below}user=${name}`,
      `${below}from=${from6}  client=spa`,
    ])
    t.same(await lines('list', '--user', name, '--type', 'role'), [
      'TIME  ok      role.grant',
      `${below}user=firstname.lastname@subsidiary.example.com`,
      `${below}target=editor  by=operator:test`,
    ])
    const unknown = async (...words: readonly string[]) =>
      (await lines(...words)).flatMap(line => /unknown:([\w-]{12})/.exec(line)?.[1] ?? [])
    const [carol, dave, again, ...more] = await unknown('list', '--outcome', 'failure', '--since', '24h')
    t.same([again, more], [carol, []])
    t.not(carol, dave)
    t.same(await unknown('tail', '--type', 'user.sign_in'), [carol, dave, carol])
  },
)

t.test('with --wide an event is a line that a terminal can show, whatever a stranger wrote', async t => {
  const { service, text, typed } = await auditScene(t)
  await typed('alice', 'a wrong password 1', '203.0.113.9')
  await typed('nobody', 'a wrong password 1', '203.0.113.9')
  await service.stop()
  const evil = 'a\u001b[2J\u202eb\r\nc'
  change(
    service.databaseFile,
    "update audit_events set user_agent = ?, count = 12 where reason = 'wrong_password'",
    evil,
  )
  change(service.databaseFile, "update audit_events set target = ? where type = 'role.add'", evil)
  const lines = (await text(['audit', 'list', '--wide'])).split('\n')
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
  const line = (pattern: string) =>
    t.ok(
      lines.some(text => new RegExp(`^${time}  ${pattern}$`).test(text)),
      pattern,
    )
  line(
    'FAILED  user\\.sign_in +wrong_password  user=alice  client=spa  from=203\\.0\\.113\\.9  "a\\?\\[2J\\?b\\?\\?c"  x12',
  )
  line('FAILED  user\\.sign_in +unknown_user  name=unknown:[\\w-]{12}  client=spa  from=203\\.0\\.113\\.9  "a browser"')
  line('ok      role\\.add +target=a\\?\\[2J\\?b\\?\\?c  by=operator:test')
  t.notMatch(lines.join('\n'), /[^\n\x20-\x7E]/)
})
