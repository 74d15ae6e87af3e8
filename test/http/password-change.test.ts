import { test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { fastHasher } from '../support/fast-hasher.ts'
import { isListed, type Scene, type SignIn, scene, type Tokens } from '../support/scene.ts'
import { password, type RequestOptions } from '../support/serve.ts'
import { everythingIn } from '../support/sqlite.ts'

const newPassword = 'another battery staple 10'
const wrong = 'wrong battery staple 11'
const good = { current_password: password, new_password: newPassword }

const change = ({ as }: Scene, tokens: Tokens, form: RequestOptions['form'] = good, more: RequestOptions = {}) =>
  as(tokens, 'POST', '/me/password', { form: form ?? '', ...more })

const statusOf = async ({ attempt }: Scene, signIn: SignIn) => (await attempt(signIn)).status

/** A service that counts the passwords that were hashed or compared. */
async function counted(t: Parameters<typeof scene>[0]) {
  const work = { count: 0 }
  const counting = <T extends unknown[], R>(inner: (...words: T) => R) => {
    return (...words: T) => {
      work.count += 1
      return inner(...words)
    }
  }
  const hasher = () => ({ hash: counting(fastHasher.hash), verify: counting(fastHasher.verify) })
  return { account: await scene(t, { faults: { hasher } }), work }
}

test('from a change on the new password signs in and the old one does not', async t => {
  const account = await scene(t)
  const here = await account.device()
  const answer = await change(account, here)
  t.same([answer.status, answer.text, answer.headers.get('cache-control')], [204, '', 'no-store'])
  t.equal(await statusOf(account, { password }), 400)
  t.equal(await statusOf(account, { password: newPassword }), 200)
  t.equal(await statusOf(account, { username: 'bob' }), 200, 'bob has his own')
  t.equal((await change(account, here, { current_password: newPassword, new_password: password })).status, 204)
  t.equal(await statusOf(account, { password }), 200, 'and back')
})

test('a change ends every other session of the user, and this one goes on', async t => {
  const account = await scene(t)
  const { as, refresh, userId, appended } = account
  const here = await account.device()
  const others = [await account.device(), await account.device({ clientId: 'web-app' })]
  const bob = await account.device({ username: 'bob' })
  await account.fresh()
  t.equal((await change(account, here, good, { headers: { 'user-agent': 'a browser' } })).status, 204)

  const line = account.service
    .log()
    .split('\n')
    .findLast(text => text.includes('"msg":"request"'))
  const { request_id } = JSON.parse(line ?? '')
  await appended(
    'by the user, from here',
    { actor: 'user', address: '127.0.0.1', user_agent: 'a browser', request_id, user_id: userId },
    { type: 'user.set_password', session_id: here.sid },
    { type: 'session.end', reason: 'password_changed', count: others.length },
  )
  for (const { sid, access, refreshToken } of others) {
    const clientId = sid === others[1]?.sid ? 'web-app' : 'account'
    t.equal((await refresh(refreshToken, { clientId })).body.error, 'invalid_grant')
    t.equal((await as({ access }, 'GET', '/me')).status, 401)
    t.equal(await isListed(access), true)
  }
  for (const { access, refreshToken } of [here, bob]) {
    t.equal((await as({ access }, 'GET', '/me')).status, 200)
    t.equal(await isListed(access), false)
    t.equal((await refresh(refreshToken)).status, 200)
  }
})

test('a wrong current password changes nothing, and is audited as a failure', async t => {
  const account = await scene(t)
  const [here, there] = [await account.device(), await account.device()]
  await account.fresh()
  for (const typed of [wrong, `${password} `, password.toUpperCase(), newPassword]) {
    const answer = await change(account, here, { ...good, current_password: typed })
    isError(t, answer, [400, 'invalid_grant'])
    t.equal(answer.body.error_description, 'The current password is wrong.')
    const failed = { type: 'user.set_password', outcome: 'failure', reason: 'wrong_password', actor: 'user' }
    await account.appendedLike({ ...failed, user_id: account.userId, session_id: here.sid })
    account.clock.advance(60_000)
  }
  t.equal(await statusOf(account, { password }), 200)
  t.equal(await statusOf(account, { password: newPassword }), 400)
  for (const { refreshToken } of [here, there]) t.equal((await account.refresh(refreshToken)).status, 200)
})

test('a new password that the rules refuse changes nothing, and the answer names the rule', async t => {
  const account = await scene(t)
  const here = await account.device()
  const before = everythingIn(account.service.databaseFile)
  for (const [typed, rule] of [
    ['fourteen chars', 'The password is shorter than 15 characters.'],
    ['ß'.repeat(14), 'The password is shorter than 15 characters.'],
    [`${newPassword}${'x7'.repeat(120)}`, 'The password is longer than 256 characters.'],
    ['abcdefghijklmnopqrst', 'The password is a sequence of neighbouring characters.'],
    ['xk7xk7xk7xk7xk7xk7', 'The password repeats a few characters.'],
    [
      'alice alice alice 7',
      'The password is a common password, a username or a service name that is repeated or filled up.',
    ],
  ] as const) {
    const answer = await change(account, here, { ...good, new_password: typed })
    isError(t, answer, [422, 'invalid_request'])
    t.equal(answer.body.error_description, rule)
    t.same(answer.body.errors, [{ field: 'new_password', message: rule }])
  }
  t.same(everythingIn(account.service.databaseFile), before)
})

test('what is no form with both passwords is refused before anything is hashed', async t => {
  const { account, work } = await counted(t)
  const here = await account.device()
  const before = everythingIn(account.service.databaseFile)
  work.count = 0
  const invalid = [400, 'invalid_request'] as const
  const unsupported = [415, 'invalid_request'] as const
  const form = String(new URLSearchParams(good))
  const as = (type: string): RequestOptions => ({ headers: { 'content-type': type } })
  const cases: readonly (readonly [readonly [number, string], RequestOptions['form'], RequestOptions?, string?])[] = [
    [invalid, ''],
    [invalid, { current_password: password }],
    [invalid, { new_password: newPassword }],
    [invalid, { ...good, new_password: '' }],
    [invalid, `${form}&new_password=another`],
    [invalid, `${form}&x=%zz`],
    [unsupported, JSON.stringify(good), as('application/json')],
    [unsupported, form, as('text/plain')],
    [unsupported, form, as('application/x-www-form-urlencoded; charset=utf-16')],
    [[413, 'invalid_request'], `${form}&x=${'x'.repeat(16 * 1024)}`],
    [invalid, '', {}, `?${form}`],
    [invalid, form, {}, '?'],
  ]
  for (const [expected, body, more = {}, query = ''] of cases)
    isError(t, await account.as(here, 'POST', `/me/password${query}`, { form: body ?? '', ...more }), expected)
  isError(t, await account.as(here, 'POST', '/me/password'), invalid)
  t.equal(work.count, 0)
  t.same(everythingIn(account.service.databaseFile), before)
  t.notOk(account.service.log().includes('battery'), 'nothing that was sent got into the log')
})

test('without a good token no password is compared', async t => {
  const { account, work } = await counted(t)
  const here = await account.device()
  await account.revoke(here.refreshToken)
  work.count = 0
  isError(t, await change(account, here), [401, 'invalid_token'])
  isError(t, await account.service.get('/me/password', { form: good }), [401, 'missing_token'])
  t.equal(work.count, 0)
})

test('no password gets into the log, whatever becomes of it', async t => {
  const account = await scene(t)
  const here = await account.device()
  const words = ['current-Zanzibar-7', 'Quetzalcoatl', 'new-Kilimanjaro-8 and more']
  const [typed, short, fine] = words as [string, string, string]
  await change(account, here, { current_password: typed, new_password: fine })
  await change(account, here, { current_password: password, new_password: short })
  t.equal((await change(account, here, { current_password: password, new_password: fine })).status, 204)
  await account.as(here, 'POST', `/me/password?new_password=${short}`, { form: good })
  const log = account.service.log()
  t.match(log, '/me/password')
  for (const word of [...words, password, newPassword])
    for (const text of [word, encodeURIComponent(word), word.replaceAll(' ', '+')]) t.notOk(log.includes(text), text)
})
