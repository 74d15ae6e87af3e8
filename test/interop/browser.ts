/** A real Chromium, and people who use the login page in it. */
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { password } from '../support/serve.ts'

const quiet = [
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]

/** @returns a function that opens a profile of its own, without cookies and storage, closed after its test */
export async function startBrowser(t: Test) {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: quiet })
  t.teardown(() => browser.close())
  return async (test: Test): Promise<BrowserContext> => {
    const profile = await browser.newContext()
    profile.setDefaultTimeout(60_000)
    test.teardown(() => profile.close())
    return profile
  }
}

/** All that a profile says where others may see it: addresses with their Referer, and the console. */
export function listenTo(profile: BrowserContext) {
  const heard: string[] = []
  profile.on('request', request => heard.push(request.url(), request.headers()['referer'] ?? ''))
  profile.on('console', message => heard.push(message.text()))
  profile.on('weberror', ({ error }) => heard.push(error().message))
  return heard
}

export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
export const alert = (page: Page) => page.getByRole('alert')
const answer = (page: Page) => page.getByRole('status', { name: 'Answer' })

/** By the keyboard, as it is with the cursor in the first field. */
export async function signIn(page: Page, username = 'alice', typed = password): Promise<void> {
  const form = page.getByRole('form', { name: 'Sign in' })
  await form.getByLabel('User name').fill(username)
  await form.getByLabel('Password', { exact: true }).fill(typed)
  await page.keyboard.press('Enter')
}

/** Until the page shows whose session it is. */
export const isSignedIn = (page: Page, username = 'alice') => page.getByText(username, { exact: true }).waitFor()
export const isSignedOut = (page: Page) => button(page, 'Sign in').waitFor()

/** What is said at a field, once it is said. */
export async function errorAt(page: Page, id: string): Promise<string> {
  await page.locator(`#${id}-error:not(:empty)`).waitFor()
  return page.locator(`#${id}-error`).innerText()
}

/** The words of the notice, when there are some. */
export async function noticed(page: Page): Promise<string> {
  await page.locator('#notice:not(:empty)').waitFor()
  return page.locator('#notice').innerText()
}

/** Writes a post and waits until it is in the list. */
export async function writePost(page: Page, title: string): Promise<void> {
  await page.getByLabel('New post').fill(title)
  await page.keyboard.press('Enter')
  await page.locator('#posts').getByText(title).first().waitFor()
}

/** Presses a button and answers what the resource API said. */
export async function call(page: Page, name: string) {
  const empty = page.locator('pre:empty')
  await button(page, name).click()
  await empty.waitFor({ state: 'detached' })
  return JSON.parse(await answer(page).innerText())
}

/** The words of the alert, when there are some. */
export async function alerted(page: Page): Promise<string> {
  await page.locator('[role=alert]:not(:empty)').waitFor()
  return alert(page).innerText()
}

/** Sets the clock of a page ahead. The clocks of the services go on as they were. */
export const setAhead = (page: Page, minutes: number) => page.clock.setFixedTime(Date.now() + minutes * 60_000)

/** What the page has stored; null when nobody is signed in. */
export const refreshTokenIn = (page: Page): Promise<string | null> =>
  page.evaluate(`new Promise(resolve => {
    const opening = indexedDB.open('resource-api')
    opening.onsuccess = () => {
      const reading = opening.result.transaction('session').objectStore('session').get('refresh_token')
      opening.result.close()
      reading.onsuccess = () => resolve(reading.result ?? null)
    }
  })`)

/** The access token that a button's request to /me carries. */
export async function bearerOf(page: Page, name: string): Promise<string> {
  const [sent] = await Promise.all([page.waitForRequest(each => each.url().endsWith('/me')), call(page, name)])
  return (await sent.headerValue('authorization'))?.replace('Bearer ', '') ?? ''
}

interface Fulfilment {
  readonly status: number
  readonly json?: object
  readonly headers?: Readonly<Record<string, string>>
}

/** Holds the first request for an address: it gets this answer when the test says so. Later ones go on to the service. */
export async function hold(page: Page, url: string, fulfilment: Fulfilment) {
  const asked = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  let isFirst = true
  await page.route(url, async route => {
    if (!isFirst) return route.continue()
    isFirst = false
    asked.resolve()
    await held.promise
    // A page that has gone on in the meantime does not take it, which is no error.
    await route.fulfill(fulfilment)
    return answered.resolve()
  })
  return {
    asked: asked.promise,
    async answer(): Promise<void> {
      held.resolve()
      await answered.promise
    },
  }
}
