/** Who may make no API key at /me, and what is wrong with a request for one. */
import t, { type Test } from 'tap'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { saysOfFields } from '../support/administered.ts'
import { signet } from '../support/command-line.ts'
import { isError } from '../support/error-shape.ts'
import { heldWrite } from '../support/hold.ts'
import { copyKey, machines } from '../support/machines.ts'
import type { Tokens } from '../support/scene.ts'
import { api, type RequestOptions, type ServeOptions } from '../support/serve.ts'
import { changeEach, everythingIn, select } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const path = '/me/api-keys'
const good = { name: 'my laptop', scope: 'posts:read' }
const minute = 60_000

async function scene(t: Test, options?: ServeOptions) {
  const its = await machines(t, options)
  const here = await its.device()
  return {
    ...its,
    here,
    post: (form: RequestOptions['form'] = good, tokens: Tokens = here, more: RequestOptions = {}) =>
      its.as(tokens, 'POST', path, { form, ...more }),
    kept: () => select(its.service.databaseFile, "select id from credentials where kind = 'api_key'").length,
  }
}

/** What becomes of a command that dies after its first write. */
const cutShort: ServeOptions['faults'] = {
  write: inner => (work, size) => {
    const lock = () => Promise.reject(new StorageUnavailable('Cut short.'))
    return inner(stores => work({ ...stores, cascades: { ...stores.cascades, lock } }), size)
  },
}

t.test('the sign-in is no more than 30 minutes ago, however fresh the token', async t => {
  const { post, here, clock, refreshed, as, kept } = await scene(t)
  clock.advance(30 * minute)
  const atLast = await refreshed(here)
  t.equal((await post(good, atLast)).status, 201)
  clock.advance(1000)
  const answer = await post(good, await refreshed(atLast))
  isError(t, answer, [401, 'insufficient_user_authentication'])
  const description = 'This needs a more recent sign-in.'
  t.equal(answer.body.error_description, description)
  t.equal(
    answer.headers.get('www-authenticate'),
    `Bearer realm="signet", error="insufficient_user_authentication", error_description="${description}", max_age="1800"`,
  )
  t.equal(kept(), 1)
  t.equal((await post('nonsense', atLast)).status, 401, 'before anything else is looked at')
  const { api_key_id } = (await as(atLast, 'GET', path)).body.api_keys[0]
  t.equal((await as(atLast, 'DELETE', `${path}/${api_key_id}`)).status, 204, 'to revoke one it may be longer ago')
})

t.test('a sign-in that lies far ahead of a clock that was set back is not a recent one', async t => {
  const { post, here, clock, refreshed } = await scene(t)
  clock.advance(-1000)
  t.equal((await post()).status, 201, 'a little is nothing')
  clock.advance(-6 * minute)
  isError(t, await post(good, await refreshed(here)), [401, 'insufficient_user_authentication'])
})

t.test('a session that ended, or a user who was disabled, while the request was under way makes no key', async t => {
  const { faults, meanwhile } = heldWrite()
  const { post, here, json, kept, device } = await scene(t, { faults })
  const whileIts = (tokens: Tokens, words: readonly string[]) =>
    meanwhile(
      () => post(good, tokens),
      () => json(words),
    )
  t.equal((await whileIts(here, ['users', 'list'])).status, 201, 'when nothing of the kind happens')
  const ended = await whileIts(here, ['sessions', 'revoke', here.sid])
  isError(t, ended, [401, 'invalid_token'])
  t.match(ended.headers.get('www-authenticate'), /error="invalid_token"/)
  const again = await device()
  isError(t, await whileIts(again, ['users', 'disable', 'alice']), [401, 'invalid_token'])
  t.equal(kept(), 1)
})

t.test('what is wrong with the form is a clear 4xx, and nothing is written', async t => {
  const { post, service } = await scene(t)
  const before = everythingIn(service.databaseFile)
  const bad = (form: object) => ({ ...good, ...form })
  for (const form of [
    {},
    { name: 'ci' },
    { scope: 'posts:read' },
    bad({ name: '' }),
    bad({ scope: '' }),
    bad({ name: 'a\0b' }),
    bad({ scope: 'posts:read\0' }),
    bad({ audience: `${api}\0` }),
    'name=ci&name=ci&scope=posts:read',
    'name=ci&scope=posts:read&scope=posts:write',
    'name=ci&scope=posts:read&audience=https://api.example.com&audience=https://api.example.com',
    'name=ci&scope=posts:read&expires_in=1&expires_in=2',
    'name=%&scope=posts:read',
    'name=%ff&scope=posts:read',
  ] as RequestOptions['form'][])
    isError(t, await post(form), [400, 'invalid_request'])
  const wrong: readonly (readonly [Readonly<Record<string, string>>, Readonly<Record<string, RegExp>>])[] = [
    ...[' ci', 'a\tb', '\u001b[2J', '\u202eic', 'x'.repeat(65)].map(
      name => [{ name }, { name: /^The name of an API key has 1 to 64/ }] as const,
    ),
    ...['  ', '*', 'a"b', 'posts:read\tposts:write', 'openid', 'signet:users:read', 'x'.repeat(129)].map(
      scope => [{ scope }, { scope: /./ }] as const,
    ),
    ...['0', '-1', '1e3', '1.5', 'never', '90d', '99999999999'].map(
      expires_in => [{ expires_in }, { expires_in: /seconds\.$/ }] as const,
    ),
    [{ expires_in: '31536001' }, { expires_in: /1s to 365d\.$/ }],
    [
      { name: 'a\nb', scope: '*', audience: 'ü', expires_in: '31536001' },
      { name: /./, scope: /./, audience: /./, expires_in: /./ },
    ],
  ]
  for (const [form, fields] of wrong) saysOfFields(t, await post(bad(form)), fields)
  isError(t, await post(bad({ name: 'x'.repeat(17_000) }) as never), [413, 'invalid_request'])
  t.same(everythingIn(service.databaseFile), before)
})

t.test('it is a form in the body', async t => {
  const { as, here, post, service, kept } = await scene(t)
  const json = JSON.stringify(good)
  isError(t, await as(here, 'POST', path, { body: json, headers: { 'content-type': 'application/json' } }), [
    415,
    'invalid_request',
  ])
  isError(t, await as(here, 'POST', path), [400, 'invalid_request'])
  isError(t, await as(here, 'POST', `${path}?name=ci`, { form: good }), [400, 'invalid_request'])
  isError(t, await service.get(`${path}?access_token=${here.access}`, { form: good }), [400, 'invalid_request'])
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    const answer = await as(here, method, path)
    isError(t, answer, [405, 'method_not_allowed'])
    t.equal(answer.headers.get('allow'), 'GET, HEAD, POST')
  }
  t.equal((await as(here, 'GET', `${path}/key_0`)).status, 405)
  t.equal((await as(here, 'DELETE', `${path}/`)).status, 404)
  t.equal(kept(), 0)
  t.equal((await post({ ...good, unknown: 'ignored' })).status, 201)
})

t.test('eleven in an hour are too many, and the answer says when the next one is welcome', async t => {
  const { post, clock, make, refreshed, here, as, kept } = await scene(t)
  await make()
  clock.advance(minute)
  for (let made = 1; made < 9; made += 1) t.equal((await post()).status, 201)
  const answers = await Promise.all([post(), post(), post()])
  t.same(answers.map(({ status }) => status).sort(), [201, 429, 429], 'also at once')
  const refused = await post()
  isError(t, refused, [429, 'too_many_requests'])
  t.equal(refused.headers.get('retry-after'), `${59 * 60}`)
  clock.advance(500)
  t.equal((await post()).headers.get('retry-after'), `${59 * 60}`, 'whole seconds, and not too early')
  const { api_keys } = (await as(here, 'GET', path)).body
  await as(here, 'DELETE', `${path}/${api_keys[9].api_key_id}`)
  t.equal((await post()).status, 429, 'a revoked one was made, too')
  clock.advance(20 * minute)
  const later = await refreshed(here)
  t.equal((await post(good, later)).headers.get('retry-after'), `${39 * 60}`)
  t.equal(kept(), 10)
})

t.test('50 that work are a conflict', async t => {
  const its = await scene(t)
  const one = await its.make()
  const [last = ''] = copyKey(its, one, 49, its.clock.now() - 120 * minute)
  isError(t, await its.post(), [409, 'conflict'])
  t.equal((await its.as(its.here, 'DELETE', `${path}/${last}`)).status, 204)
  t.equal((await its.post()).status, 201)
})

/** More open sessions of the same user than one write ends, all before this one in the order in which they end. */
function addSessionsBefore(file: string, sid: string): void {
  const [{ rowid: _, ...row } = {}] = select(file, 'select * from sessions where id = ?', sid)
  const names = Object.keys(row)
  const copies = Array.from({ length: 200 }, (_, index) => ({
    ...row,
    id: `session_0${String(index).padStart(5, '0')}`,
    handle_hash: `copy-${index}`,
  }))
  changeEach(
    file,
    `insert into sessions (${names.join()}) values (${names.map(() => '?').join()})`,
    copies.map(copy => names.map(name => (copy as Record<string, unknown>)[name])),
  )
}

t.test('a session that a command has not reached yet makes no key that would outlive it', async t => {
  for (const [title, words, input] of [
    ['another password', ['users', 'set-password', 'alice', '--password-stdin'], 'another battery staple 8'],
    ['the sessions end', ['sessions', 'revoke', '--user', 'alice'], ''],
    ['the client is disabled', ['clients', 'disable', 'account'], ''],
  ] as const)
    await t.test(title, async t => {
      const { faults, meanwhile } = heldWrite()
      const its = await scene(t, { faults })
      const { databaseFile } = its.service
      addSessionsBefore(databaseFile, its.here.sid)
      const refused = await meanwhile(its.post, async () => {
        const { code } = await signet(its.service.environment, words, input, its.clock, cutShort)
        t.equal(code, 1, 'it is not done')
        const row = select(databaseFile, 'select ended_at_ms from sessions where id = ?', its.here.sid)
        t.same(row, [{ ended_at_ms: null }])
      })
      isError(t, refused, [503, 'temporarily_unavailable'])
      t.match(refused.headers.get('retry-after'), /^\d+$/)
      t.equal(its.kept(), 0)
    })
})
