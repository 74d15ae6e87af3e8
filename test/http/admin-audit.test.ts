import t from 'tap'
import { administered, needsPermission, pagesOf } from '../support/administered.ts'
import { isError } from '../support/error-shape.ts'
import { change, changeEach } from '../support/sqlite.ts'

const path = '/admin/audit'

t.test('/admin/audit tells what the command line tells, the newest first, in pages', async t => {
  const its = await administered(t)
  const { ask, admin, json, clock, device, attempt, service, userId, accountId } = its
  const startMs = clock.now()
  clock.advance(60_000)
  await device()
  await attempt({ password: 'wrong battery staple 11' })
  await attempt({ username: 'nobody', headers: { 'user-agent': 'curl' } })
  await ask(admin, 'POST', '/admin/sessions/end', { body: { user_id: userId } })
  await service.writeEvents()
  const all = (await json(['audit', 'list'])).toReversed()
  const { status, headers, body } = await ask(admin, 'GET', path)
  t.same([status, headers.get('cache-control')], [200, 'no-store'])
  t.strictSame(body, { events: all })
  for (const limit of [1, 7, all.length, 1000])
    t.strictSame((await pagesOf(its, path, 'events', limit)).flat(), all, `${limit} at a time`)

  const asList = async (query: string, words: readonly string[]) => {
    const { events } = (await ask(admin, 'GET', `${path}?${query}`)).body
    t.ok(events.length > 0, query)
    t.strictSame(events, (await json(['audit', 'list', ...words])).toReversed(), query)
  }
  await asList(`user_id=${userId}`, ['--user', userId])
  await asList('client_id=account', ['--client', 'account'])
  await asList('type=user.sign_in,role', ['--type', 'user.sign_in', '--type', 'role'])
  await asList('outcome=failure&type=user', ['--outcome', 'failure', '--type', 'user'])
  await asList('address=::ffff:127.0.0.1', ['--address', '127.0.0.1'])
  const [from, to] = [startMs, startMs + 60_000].map(ms => new Date(ms).toISOString())
  await asList(`since=${to}`, ['--since', to ?? ''])
  await asList(`since=${from}&until=${to}`, ['--since', from ?? '', '--until', to ?? ''])
  await asList('since=59s', ['--since', '59s'])
  await asList(`since=${encodeURIComponent('2020-01-01T00:00+01:00')}`, [])
  const found = async (query: string) => (await ask(admin, 'GET', `${path}?${query}`)).body.events
  t.match(await found(`user_id=${userId}&type=session.end`), [{ actor: `user:${admin.id}`, actor_name: 'admin' }])
  t.match(await found(`user_id=${admin.id}&type=session.end`), [{ user_id: userId, username: 'alice' }])
  t.match(await found('client_id=account&type=user&outcome=failure'), [{ client: accountId }, { client: accountId }])
  for (const query of ['user_id=alice', 'client_id=none', 'type=audit.overflow', 'until=1000d', 'address=192.0.2.9'])
    t.same(await found(query), [], query)

  const now = Buffer.from('1 ').toString('base64url')
  for (const query of [
    ...['type=nothing', 'type=user,', 'type=user&type=role', 'outcome=maybe', 'address=x', 'address=fe80::1%25eth0'],
    ...['since=yesterday', 'since=2026-02-30', 'until=2026-01-01T00:00+01:00', 'cursor=eA', `cursor=${now}`, 'limit=0'],
  ])
    isError(t, await ask(admin, 'GET', `${path}?${query}`), [400, 'invalid_request'])
  for (const method of ['POST', 'DELETE']) isError(t, await ask(admin, method, path), [405, 'method_not_allowed'])
  await needsPermission(t, its, 'signet:audit:read', [['GET', path]])
})

t.test('who did it over HTTP is found by the name, and named in the lines', async t => {
  const its = await administered(t)
  const { ask, admin, json, text, machineWith, clock } = its
  const backend = await machineWith(['signet:api-keys:read', 'signet:api-keys:write', 'posts:read'])
  const body = { client_id: 'web-app', name: 'one', scope: 'posts:read' }
  t.equal((await ask(admin, 'POST', '/admin/api-keys', { body })).status, 201)
  clock.advance(1000)
  const { api_key_id: target } = (await ask(backend, 'POST', '/admin/api-keys', { body: { ...body, name: 'two' } }))
    .body
  const keys = ['audit', 'list', '--type', 'api_key']
  t.match(await json([...keys, '--user', 'ADMIN']), [{ actor: `user:${admin.id}`, actor_name: 'admin', user_id: null }])
  t.match(await json([...keys, '--client', 'machine-1']), [
    { actor: `client:${backend.id}`, client_id: 'web-app', target },
  ])
  t.match(await json([...keys, '--client', 'machine-1', '--client', 'machine-1']), [{ actor_name: 'machine-1' }])
  t.same(await json([...keys, '--user', 'alice']), [])
  const wide = [...keys, '--wide']
  const lines = (await text(wide)).trim().split('\n')
  t.match(lines[0], / {2}by=user:admin( |$)/)
  t.match(lines[1], / {2}by=client:machine-1( |$)/)
  await json(['users', 'rename', 'admin', 'ad ministra tor'])
  t.match((await text(wide)).split('\n')[0], /by=user:/, 'as the user is called now')
  t.equal((await json([...keys, '--user', 'admin'])).length, 1, 'also by the former name')
})

t.test('what is rare is looked for in as many requests as it takes, and none looks far', async t => {
  const its = await administered(t)
  const { ask, admin, service } = its
  changeEach(
    service.databaseFile,
    `insert into audit_events (id, type, occurred_at_ms, outcome, actor, count)
     with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 1000)
     select 'event_f' || ? || n, 'session.refresh', 4102444800000 + n, 'success', 'client', 1 from numbers`,
    Array.from({ length: 101 }, (_, index) => [`${index}_`]),
  )
  change(service.databaseFile, "update audit_events set outcome = 'failure' where id = 'event_f7_3'")
  const pages = await pagesOf(its, `${path}?type=role,user.add`, 'events', 3)
  const found = pages.flat()
  t.ok(pages.length > 1 && pages[0]?.length === 0, 'a page may have nothing')
  t.equal(found.length, (await ask(admin, 'GET', `${path}?type=role,user.add&until=2100-01-01`)).body.events.length)
  const failures = await pagesOf(its, `${path}?outcome=failure&since=2100-01-01`, 'events', 10)
  t.match(failures.flat(), [{ id: 'event_f7_3' }])
  t.equal((await ask(admin, 'GET', `${path}?limit=1000`)).body.events.length, 1000)
})
