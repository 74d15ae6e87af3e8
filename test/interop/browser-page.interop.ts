/** What people do on the login page of the example beside signing in and out, in a real Chromium. */
import type { Page } from 'playwright-core'
import t from 'tap'
import { byLocalName } from '../../scripts/demo/accounts.ts'
import { resourceApi } from '../support/resource-api.ts'
import { password, type Service } from '../support/serve.ts'
import {
  button,
  call,
  errorAt,
  hold,
  isSignedIn,
  isSignedOut,
  noticed,
  refreshTokenIn,
  signIn,
  startBrowser,
} from './browser.ts'

const openProfile = await startBrowser(t)
const next = 'quite another horse battery 7'

/** Where else alice signs in. */
const phone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Mobile/1 Safari/604.1'
const signInBy = (service: Service, userAgent: string) =>
  service.token(
    { grant_type: 'password', client_id: 'login-page', username: 'alice', password },
    { headers: { 'user-agent': userAgent } },
  )

/** What is selected in the field that has the focus. */
const selected = (page: Page) =>
  page.evaluate(
    `(({ id, value, selectionStart, selectionEnd }) => [id, value.slice(selectionStart, selectionEnd)])(document.activeElement)`,
  )

t.test(
  'a wrong password is said at its field and selected; it can be shown; the button says that it works',
  async t => {
    const { page: origin, service } = await resourceApi(
      t,
      {},
      { SIGN_IN_HINT: 'Ask at http://127.0.0.1:1/desk\nfor a password' },
    )
    const page = await (await openProfile(t)).newPage()
    await page.goto(origin)
    await isSignedOut(page)
    t.equal(await page.title(), 'Sign in – Posts')
    t.equal(await page.locator('#hint').innerText(), 'Ask at http://127.0.0.1:1/desk\nfor a password')
    t.equal(await page.locator('#hint a').getAttribute('href'), 'http://127.0.0.1:1/desk')

    const answer = await hold(page, `${service.issuer}/oauth/token`, {
      status: 400,
      json: { error: 'invalid_grant' },
      headers: { 'access-control-allow-origin': origin },
    })
    await page.getByLabel('User name').first().fill('alice')
    const field = page.locator('#password')
    await field.fill('not the password')
    await button(page, 'Show the password').click()
    t.equal(await field.getAttribute('type'), 'text')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await answer.asked
    const ring = `getComputedStyle(document.querySelector('#sign-in > button'), '::after').borderRadius`
    t.equal(await page.locator('#sign-in').getAttribute('aria-busy'), 'true')
    t.equal(await page.evaluate(ring), '50%', 'a ring turns on the button')
    await answer.answer()
    await errorAt(page, 'password')
    t.not(await page.evaluate(ring), '50%')
    t.equal(await field.getAttribute('aria-invalid'), 'true')
    t.equal(await field.getAttribute('aria-describedby'), 'password-error')
    t.same(await selected(page), ['password', 'not the password'])
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    await isSignedIn(page)
    t.equal(await page.title(), 'Posts')
    t.equal(await field.getAttribute('type'), 'password', 'hidden for whoever signs in next')
  },
)

t.test('the page works by the name localhost, too: sign-in, the API, the own things, sign-out', async t => {
  const { page: origin, service } = await resourceApi(t)
  const page = await (await openProfile(t)).newPage()
  await page.goto(byLocalName(origin))
  await signIn(page)
  await isSignedIn(page)
  t.match(await call(page, 'Who am I?'), { iss: service.issuer, aud: origin, roles: ['admin'] })
  const told = page.waitForResponse(`${service.issuer}/oauth/revoke`)
  await button(page, 'Sign out').click()
  t.equal((await told).status(), 200)
  await isSignedOut(page)
})

t.test('people see where they are signed in, sign one device out, and then all of them', async t => {
  const { page: origin, service } = await resourceApi(t)
  const profile = await openProfile(t)
  const [page, other] = [await profile.newPage(), await profile.newPage()]
  const { body: onPhone } = await signInBy(service, phone)
  const { body: script } = await signInBy(service, 'nightly-report/2.1')
  await page.goto(origin)
  await signIn(page)
  const sessions = page.locator('#sessions li')
  await sessions.nth(2).waitFor()
  t.match((await sessions.allInnerTexts()).toSorted(), [
    /^Chrome on Linux\s+127\.0\.0\.1, this session$/,
    /^Safari on iOS\s+127\.0\.0\.1, last used .*\s+Sign out$/,
    /^nightly-report\/2\.1\s+127\.0\.0\.1, last used .*\s+Sign out$/,
  ])
  await page.getByRole('button', { name: /^Sign out Safari on iOS, 127\.0\.0\.1, last used/ }).click()
  t.equal(await noticed(page), 'That session has ended.')
  t.equal(await sessions.count(), 2)
  t.equal(await page.evaluate('document.activeElement.id'), 'sessions-heading', 'the focus is not lost with the button')
  const refresh = async ({ refresh_token }: { readonly refresh_token: string }) =>
    (await service.token({ grant_type: 'refresh_token', client_id: 'login-page', refresh_token })).status
  t.equal(await refresh(onPhone), 400)

  await other.goto(origin)
  await isSignedIn(other)
  await button(page, 'Sign out everywhere').click()
  await Promise.all([isSignedOut(page), isSignedOut(other)])
  t.equal(await noticed(page), 'You are signed out everywhere.')
  t.equal(await refresh(script), 400)
  t.equal(await refreshTokenIn(page), null)
  t.equal(await page.locator('#sessions').textContent(), '', 'nothing of it is left on the screen')
})

t.test('people change their password: what is wrong is said at its field, and their other sessions end', async t => {
  const { page: origin, service } = await resourceApi(t)
  const page = await (await openProfile(t)).newPage()
  await page.goto(origin)
  await signIn(page)
  await isSignedIn(page)
  await signInBy(service, phone)
  const change = async (current: string, wanted: string) => {
    await page.locator('#current-password').fill(current)
    await page.locator('#next-password').fill(wanted)
    await page.keyboard.press('Enter')
  }
  await change('not the password', next)
  t.equal(await errorAt(page, 'current-password'), 'The current password is wrong.')
  t.same(await selected(page), ['current-password', 'not the password'])
  await change(password, 'too short')
  t.match(await errorAt(page, 'next-password'), /15/)
  t.same(await selected(page), ['next-password', 'too short'])
  t.equal(await page.locator('#current-password').getAttribute('aria-invalid'), null)
  await change(password, next)
  t.equal(await noticed(page), 'Your password is changed. All your other sessions have ended.')
  t.match(await page.locator('#sessions li').allInnerTexts(), [/this session/])
  t.equal(await page.locator('#next-password').inputValue(), '')
  t.match(await call(page, 'Who am I?'), { roles: ['admin'] }, 'this session goes on')

  await button(page, 'Sign out').click()
  await isSignedOut(page)
  await signIn(page)
  await errorAt(page, 'password')
  await signIn(page, 'alice', next)
  await isSignedIn(page)
})
