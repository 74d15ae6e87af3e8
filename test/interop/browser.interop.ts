/** The login page of the example in a real Chromium, with the example's server, and a token service behind it. */
import t from 'tap'
import { resourceApi } from '../support/resource-api.ts'
import { request, temporaryFolder } from '../support/serve.ts'
import {
  alert,
  alerted,
  bearerOf,
  button,
  call,
  errorAt,
  hold,
  isSignedIn,
  isSignedOut,
  refreshTokenIn,
  setAhead,
  signIn,
  startBrowser,
  writePost,
} from './browser.ts'

const openProfile = await startBrowser(t)

t.test('people sign in, see their session, do what their role allows, and are told what it does not', async t => {
  const { page: origin, audited } = await resourceApi(t)
  const page = await (await openProfile(t)).newPage()
  await page.goto(origin)

  await signIn(page, 'bob', 'not the password of bob')
  t.equal(await errorAt(page, 'password'), 'The user name or the password is wrong.')
  t.equal(await refreshTokenIn(page), null, 'nothing is kept of a refused sign-in')

  await signIn(page, 'bob')
  await isSignedIn(page, 'bob')
  t.equal(await page.locator('#password-error').textContent(), '', 'the mistake is forgotten')
  t.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '', 'the password, too')
  t.match(await page.locator('dd').allInnerTexts(), ['user', /\d/, /\d/])
  t.match(await call(page, 'Who am I?'), { aud: origin, roles: ['user'], scope: 'posts:read' })
  await button(page, 'Statistics').click()
  t.equal(await alerted(page), 'The role admin is missing.')
  await page.getByLabel('New post').fill('Hello')
  await page.keyboard.press('Enter')
  await page.getByText('The permission posts:write is missing.').waitFor()

  await button(page, 'Sign out').click()
  await isSignedOut(page)
  await signIn(page)
  await isSignedIn(page)
  await writePost(page, '<b>Hello</b>')
  t.match(await page.locator('#posts li').allInnerTexts(), [/^<b>Hello<\/b>\s+You, .*\d/])
  t.match(await call(page, 'Statistics'), { posts: 1, authors: 1 })
  t.equal(audited('session.repeat'), 0, 'no refresh token was used twice')
})

t.test(
  'a reload keeps the session, and a token is refreshed before it expires, without a refusal in between',
  async t => {
    const { page: origin, audited } = await resourceApi(t)
    const page = await (await openProfile(t)).newPage()
    await page.goto(origin)
    await signIn(page)
    await isSignedIn(page)
    const first = await refreshTokenIn(page)
    await page.reload()
    await isSignedIn(page)
    t.not(await refreshTokenIn(page), first, 'by a new refresh token')

    const token = await bearerOf(page, 'Who am I?')
    t.equal(await bearerOf(page, 'Who am I?'), token, 'a token is used until it is nearly over')
    const before = audited('session.refresh')
    const statuses: number[] = []
    page.on('response', response => response.url() === `${origin}/me` && statuses.push(response.status()))
    await setAhead(page, 9.5)
    t.not(await bearerOf(page, 'Who am I?'), token)
    t.same(statuses, [200])
    t.equal(audited('session.refresh'), before + 1)
  },
)

t.test('two tabs that need a fresh token at the same moment use one refresh token after the other', async t => {
  const { page: origin, service, audited } = await resourceApi(t)
  const profile = await openProfile(t)
  const [one, two] = [await profile.newPage(), await profile.newPage()]
  await one.goto(origin)
  await signIn(one)
  await isSignedIn(one)
  await two.goto(origin)
  await isSignedIn(two)
  await Promise.all([call(one, 'Who am I?'), call(two, 'Who am I?')])
  const before = audited('session.refresh')

  const sent: string[] = []
  const held = Promise.withResolvers<void>()
  await profile.route(`${service.issuer}/oauth/token`, async route => {
    sent.push(new URLSearchParams(route.request().postData() ?? '').get('refresh_token') ?? '')
    await held.promise
    await route.continue()
  })
  await Promise.all([setAhead(one, 9.5), setAhead(two, 9.5)])
  const asked = one.waitForRequest(`${service.issuer}/oauth/token`)
  const calls = [call(one, 'Who am I?')]
  await asked
  calls.push(call(two, 'Who am I?'))
  await two.waitForFunction('navigator.locks.query().then(({ pending }) => pending.length === 1)')
  t.equal(sent.length, 1, 'the second tab waits while the first one refreshes')
  held.resolve()

  for (const claims of await Promise.all(calls)) t.match(claims, { roles: ['admin'] })
  t.equal(sent.length, 2)
  t.not(sent[0], sent[1], 'the second tab took the token that the first one had stored')
  t.equal(audited('session.refresh'), before + 2)
  t.same([audited('session.repeat'), audited('session.end')], [0, 0], 'no token was used twice')
})

t.test('however often tabs refresh together, none of them uses a token that another one has used', async t => {
  const { page: origin, audited } = await resourceApi(t)
  const profile = await openProfile(t)
  const [one, two] = [await profile.newPage(), await profile.newPage()]
  const tabs = [one, two]
  for (const tab of tabs) await tab.goto(origin)
  await signIn(one)
  for (const tab of tabs) await isSignedIn(tab)
  await Promise.all(tabs.map(tab => call(tab, 'Who am I?')))

  const before = audited('session.refresh')
  for (let round = 1; round <= 6; round += 1) {
    await Promise.all(tabs.map(tab => setAhead(tab, 9.5 * round)))
    await Promise.all(tabs.map(tab => call(tab, 'Who am I?')))
  }
  t.equal(audited('session.refresh'), before + 12)
  t.same([audited('session.repeat'), audited('session.end')], [0, 0])
})

t.test('a refused access token is replaced and the request sent again', async t => {
  const { page: origin, service, restart, audited } = await resourceApi(t)
  const page = await (await openProfile(t)).newPage()
  await page.goto(origin)
  await signIn(page)
  await isSignedIn(page)
  const token = await bearerOf(page, 'Who am I?')
  const revoked = await request(`${service.issuer}/oauth/revoke`, { form: { client_id: 'login-page', token } })
  t.equal(revoked.status, 200)
  // Started again, it has the newest status list at the first request.
  await restart()

  const before = audited('session.refresh')
  const statuses: number[] = []
  page.on('response', response => {
    if (response.request().method() === 'POST' && response.url() === `${origin}/posts`) statuses.push(response.status())
  })
  await writePost(page, 'Once')
  t.same(statuses, [401, 201])
  t.equal(audited('session.refresh'), before + 1)
  t.equal((await request(`${origin}/posts`)).body.length, 1, 'it was posted once')
})

t.test(
  'signing out in one tab signs out the others and ends the session; another sign-in reaches them, too',
  async t => {
    const { page: origin, service, audited } = await resourceApi(t)
    const profile = await openProfile(t)
    const [one, two] = [await profile.newPage(), await profile.newPage()]
    await one.goto(origin)
    await signIn(one)
    await isSignedIn(one)
    await two.goto(origin)
    await isSignedIn(two)
    await call(two, 'Who am I?')
    const token = (await refreshTokenIn(one)) ?? ''

    const told = one.waitForResponse(`${service.issuer}/oauth/revoke`)
    await button(one, 'Sign out').click()
    t.equal((await told).status(), 200)
    await Promise.all([isSignedOut(one), isSignedOut(two)])
    t.equal(await two.locator('#answer').textContent(), '', 'nothing of the session is left on the screen')
    t.equal(audited('session.end'), 1)
    const form = { grant_type: 'refresh_token', client_id: 'login-page', refresh_token: token }
    t.equal((await service.token(form)).status, 400, 'the refresh token is of no use any more')

    await signIn(one, 'bob')
    await Promise.all([isSignedIn(one, 'bob'), isSignedIn(two, 'bob')])
    t.match(await call(two, 'Who am I?'), { roles: ['user'] }, 'the other tab holds no token of alice')
  },
)

for (const where of ['the same tab', 'another tab'])
  t.test(`what bob asked for late is neither done nor shown in the session of alice, begun in ${where}`, async t => {
    const { page: origin } = await resourceApi(t)
    const profile = await openProfile(t)
    const [page, other] = [await profile.newPage(), await profile.newPage()]
    await page.goto(origin)
    await signIn(page, 'bob')
    await isSignedIn(page, 'bob')
    await other.goto(origin)
    await isSignedIn(other, 'bob')

    const post = await hold(page, `${origin}/posts`, { status: 401 })
    const me = await hold(page, `${origin}/me`, { status: 200, json: { sub: 'bob' } })
    const stats = await hold(page, `${origin}/admin/stats`, { status: 500 })
    await page.getByLabel('New post').fill('of bob')
    for (const name of ['Post', 'Who am I?', 'Statistics']) await button(page, name).click()
    await Promise.all([post.asked, me.asked, stats.asked])

    const tab = where === 'another tab' ? other : page
    await button(tab, 'Sign out').click()
    await Promise.all([isSignedOut(page), isSignedOut(other)])
    await signIn(tab)
    await Promise.all([isSignedIn(page), isSignedIn(other)])
    for (const late of [post, me, stats]) await late.answer()
    await page.locator('main:not(:has([aria-busy]))').waitFor()
    t.same((await request(`${origin}/posts`)).body, [], 'nothing was written as alice')
    t.equal(await page.locator('#answer').textContent(), '')
    t.equal(await alert(page).innerText(), '')
    t.match(await call(page, 'Who am I?'), { roles: ['admin'] }, 'alice goes on')
  })

t.test('a session that ended elsewhere is told, and leaves the sign-in form', async t => {
  const { page: origin, service } = await resourceApi(t)
  const page = await (await openProfile(t)).newPage()
  await page.goto(origin)
  await signIn(page)
  await isSignedIn(page)
  const token = (await refreshTokenIn(page)) ?? ''
  await request(`${service.issuer}/oauth/revoke`, { form: { client_id: 'login-page', token } })
  await page.reload()
  t.equal(await alerted(page), 'Your session has ended. Please sign in again.')
  await isSignedOut(page)
  t.equal(await refreshTokenIn(page), null)
})

t.test(
  'while the token service is down nobody is signed out against their will, and whoever signs out is told the truth',
  async t => {
    const folder = temporaryFolder(t)
    const { page: origin, service } = await resourceApi(t, { folder })
    const page = await (await openProfile(t)).newPage()
    await page.goto(origin)
    await signIn(page)
    await isSignedIn(page)
    await service.stop()
    t.match(await call(page, 'Who am I?'), { roles: ['admin'] }, 'the resource API needs no token service')
    await page.reload()
    const unreachable = `${service.issuer} can't be reached, or it doesn't allow pages of ${origin}.`
    t.equal(await alerted(page), unreachable)
    t.type(await refreshTokenIn(page), 'string', 'still signed in')
    await button(page, 'Sign out').click()
    await isSignedOut(page)
    t.equal(await alerted(page), `You are signed out here, but the token service doesn't know: ${unreachable}`)
    t.equal(await refreshTokenIn(page), null)
  },
)
