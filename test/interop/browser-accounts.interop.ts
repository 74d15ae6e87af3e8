/** Sign-up and forgotten passwords on the page of the example, with its backend and a box for its mails, in a real Chromium. */
import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { addBackend, startAccountBackend } from '../support/account-backend.ts'
import { resourceApi } from '../support/resource-api.ts'
import { freePort } from '../support/serve.ts'
import {
  alert,
  alerted,
  button,
  call,
  errorAt,
  isSignedIn,
  isSignedOut,
  listenTo,
  refreshTokenIn,
  signIn,
  startBrowser,
} from './browser.ts'

const openProfile = await startBrowser(t)
const [chosen, another] = ['quite another horse battery 7', 'the fourth staple was correct 8']

/** The page, the token service, and the backend that sends the mails. */
async function application(t: Test) {
  const port = await freePort()
  const api = await resourceApi(t, {}, { ACCOUNT_BACKEND: `http://127.0.0.1:${port}` })
  await addBackend(api.service)
  const backend = await startAccountBackend(t, { issuer: api.service.issuer, pages: [api.page] }, port)
  return { ...api, backend }
}
type Application = Awaited<ReturnType<typeof application>>

const form = (page: Page, name: string) => page.getByRole('form', { name })
const notice = (page: Page) => page.locator('#notice:not(:empty)')
const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })
const newPassword = (page: Page) => field(page, 'New password')

async function signUp(page: Page, username: string, email: string): Promise<void> {
  await page.getByRole('link', { name: 'Sign up' }).click()
  await field(page, 'User name').fill(username)
  await field(page, 'Mail address').fill(email)
  await page.keyboard.press('Enter')
}

async function forget(page: Page, who: string): Promise<void> {
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await field(page, 'User name or mail address').fill(who)
  await page.keyboard.press('Enter')
  await notice(page).waitFor()
}

/** In the newest mail, with which the box begins. */
async function followLink(page: Page, { backend }: Application): Promise<void> {
  await backend.idle()
  await page.goto(`${backend.origin}/mails`)
  await page.getByRole('link').first().click()
  await form(page, 'Set your password').waitFor()
}

async function setPassword(page: Page, typed: string): Promise<void> {
  await newPassword(page).fill(typed)
  await page.keyboard.press('Enter')
}

const isSet = (page: Page) => page.getByText('Your password is set. Sign in with it.').waitFor()

/** Signs dora up, and in. */
async function withDora(profile: BrowserContext, scene: Application): Promise<Page> {
  const page = await profile.newPage()
  await page.goto(scene.page)
  await signUp(page, 'dora', 'dora@example.org')
  await notice(page).waitFor()
  await followLink(page, scene)
  await setPassword(page, chosen)
  await isSet(page)
  await signIn(page, 'dora', chosen)
  await isSignedIn(page, 'dora')
  return page
}

t.test('people sign up, read the mail, set a password and sign in; what is wrong is said beside its field', async t => {
  const scene = await application(t)
  const page = await (await openProfile(t)).newPage()
  await page.goto(scene.page)
  await signUp(page, 'Dora!', 'dora@example.org')
  await page.getByText('A user name has 3 to 40 small letters').waitFor()
  const name = field(page, 'User name')
  t.equal(await name.getAttribute('aria-invalid'), 'true')
  t.equal(await name.getAttribute('aria-describedby'), 'new-username-error')
  t.ok(await name.evaluate('document.activeElement.id === "new-username"'), 'the cursor is there')
  t.equal(await alert(page).innerText(), '')
  await name.fill('dora')
  await page.keyboard.press('Enter')
  await notice(page).waitFor()
  t.equal(await name.getAttribute('aria-invalid'), null, 'the mistake is forgotten')

  await followLink(page, scene)
  t.equal(await field(page, 'User name').inputValue(), 'dora')
  t.ok(await page.evaluate('document.activeElement.id === "new-password"'))
  for (const [typed, why] of [
    ['too short', /15/],
    ['passwordpassword', /common|guess|repeat/],
  ] as const) {
    await setPassword(page, typed)
    await page.locator('#new-password-error').filter({ hasText: why }).waitFor()
    t.equal(await newPassword(page).getAttribute('aria-invalid'), 'true', typed)
  }
  await button(page, 'Show the password').click()
  t.equal(await page.locator('#new-password').getAttribute('type'), 'text')
  await setPassword(page, chosen)
  await isSet(page)
  t.equal(await page.locator('#new-password').inputValue(), '')
  t.equal(await page.locator('#new-password').getAttribute('type'), 'password')
  t.equal(await field(page, 'User name').inputValue(), 'dora')
  await page.getByLabel('Password', { exact: true }).fill(chosen)
  await page.keyboard.press('Enter')
  await isSignedIn(page, 'dora')
  t.match(await call(page, 'Who am I?'), { roles: ['user'], scope: 'posts:read' })
})

t.test('a forgotten password is replaced; sessions of before are over; a used link says so', async t => {
  const scene = await application(t)
  const [old, page] = [await withDora(await openProfile(t), scene), await (await openProfile(t)).newPage()]
  await page.goto(scene.page)
  await forget(page, 'dora')
  await followLink(page, scene)
  await setPassword(page, another)
  await isSet(page)

  await old.reload()
  t.equal(await alerted(old), 'Your session has ended. Please sign in again.')
  await signIn(old, 'dora', chosen)
  t.equal(await errorAt(old, 'password'), 'The user name or the password is wrong.')
  await signIn(page, 'dora', another)
  await isSignedIn(page, 'dora')

  await followLink(page, scene)
  await setPassword(page, chosen)
  t.match(await alerted(page), /^This link was used already, is too old, or is incomplete\./)
  await page.getByRole('link', { name: 'Back' }).click()
  await isSignedIn(page, 'dora')
})

t.test('the ticket leaves the address at once and gets nowhere but to the token service', async t => {
  const scene = await application(t)
  const profile = await openProfile(t)
  const page = await withDora(profile, scene)
  await button(page, 'Sign out').click()
  await isSignedOut(page)
  await forget(page, 'DORA@example.org')
  await scene.backend.idle()
  const ticket = scene.backend.links()[0]?.get('ticket') ?? ''
  t.match(ticket, /^signet_pt_/)

  // What has the link is a mail program: what is heard begins with the page.
  const link = /^https?:\S+$/m.exec(scene.backend.mails()[0]?.text ?? '')?.[0] ?? ''
  const heard = listenTo(profile)
  const bodies: string[] = []
  profile.on('request', request => request.postData()?.includes(ticket) && bodies.push(request.url()))
  await page.route(`${scene.page}/config.json`, async route => {
    t.equal(page.url(), `${scene.page}/`, 'before the page asks for anything')
    await route.continue()
  })
  await page.goto('about:blank')
  await page.goto(link)
  await form(page, 'Set your password').waitFor()
  const stored = await page.evaluate(
    'JSON.stringify([localStorage, sessionStorage, document.cookie, history.state, name])',
  )
  t.notOk(String(stored).includes(ticket))
  await setPassword(page, another)
  await isSet(page)
  t.same(bodies, [`${scene.service.issuer}/oauth/password-tickets/redeem`])
  const redeeming = heard.indexOf(bodies[0] ?? '')
  t.ok(redeeming > 0)
  t.equal(heard[redeeming + 1], '', 'without a Referer')
  const everything = [
    ...heard.filter(each => each !== link),
    page.url(),
    scene.log(),
    scene.service.log(),
    scene.backend.log(),
  ]
  t.notOk(everything.some(each => decodeURIComponent(each).includes(ticket)))
  await page.goBack()
  t.equal(page.url(), 'about:blank', 'no page with the ticket is behind this one')
})

t.test('a link that is opened where somebody is signed in signs them out; a reload forgets it', async t => {
  const scene = await application(t)
  const profile = await openProfile(t)
  const page = await withDora(profile, scene)
  await button(page, 'Sign out').click()
  await isSignedOut(page)
  await forget(page, 'dora')
  await scene.backend.idle()
  const hash = `#${scene.backend.links()[0]}`
  await page.goto(scene.page)
  await signIn(page, 'bob')
  await isSignedIn(page, 'bob')

  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  await form(page, 'Set your password').waitFor()
  t.equal(page.url(), `${scene.page}/`)
  await page.reload()
  await isSignedIn(page, 'bob')
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  await setPassword(page, another)
  await isSet(page)
  t.equal(await refreshTokenIn(page), null, 'the session of bob is over here')
  await signIn(page, 'dora', another)
  await isSignedIn(page, 'dora')
})

t.test('without a backend the page has no such forms; with one that is away or busy it says so', async t => {
  const { page: alone } = await resourceApi(t)
  const page = await (await openProfile(t)).newPage()
  await page.goto(`${alone}/#sign-up`)
  await isSignedOut(page)
  t.equal(await page.getByRole('link').count(), 0)
  await signIn(page)
  await isSignedIn(page)

  const scene = await application(t)
  await page.goto(scene.page)
  for (let times = 0; times < 10; times += 1) await scene.backend.send('/forgot-password', { username: 'nobody' })
  await signUp(page, 'dora', 'dora@example.org')
  t.match(await alerted(page), /^The service is busy\. Please try again in \d+ seconds\.$/)
  await scene.backend.stop()
  await page.getByRole('button', { name: 'Sign up' }).click()
  await page.getByText(`${scene.backend.origin} can't be reached`).waitFor()
  t.equal(await refreshTokenIn(page), null)
})
