/**
 * axe looks at the login page of the example in a real Chromium: every part of it, with errors and without, wide and narrow, light and
 * dark. AXE names a file of axe-core's, CHROMIUM a browser.
 */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import t from 'tap'
import { resourceApi } from '../support/resource-api.ts'
import { button, call, errorAt, isSignedIn, isSignedOut, noticed, signIn, startBrowser, writePost } from './browser.ts'
import { skipWithout } from './resources.ts'

/** What axe has found, by rule; a page that must be scrolled sideways counts, too (WCAG 2.2, 1.4.10). */
async function findingsOn(page: Page, axe: string): Promise<unknown> {
  await page.evaluate(axe)
  return page.evaluate(`axe.run().then(({ violations, incomplete }) => [
    ...[...violations, ...incomplete].map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]),
    ...(document.documentElement.scrollWidth > innerWidth ? [['wide', document.title]] : []),
  ])`)
}

t.test(
  'axe finds nothing on any part of the page',
  { skip: skipWithout('AXE', 'CHROMIUM'), timeout: 300_000 },
  async t => {
    const axe = readFileSync(process.env['AXE'] ?? '', 'utf8')
    const openProfile = await startBrowser(t)
    const more = { SIGN_IN_HINT: 'Ask at http://127.0.0.1:1/desk', ACCOUNT_BACKEND: 'http://127.0.0.1:1' }
    const { page: origin } = await resourceApi(t, {}, more)
    for (const [width, colorScheme] of [
      [1280, 'light'],
      [320, 'dark'],
    ] as const) {
      const page = await (await openProfile(t)).newPage()
      await page.setViewportSize({ width, height: 640 })
      await page.emulateMedia({ colorScheme })
      const look = async (part: string) => t.same(await findingsOn(page, axe), [], `${part}, ${width}, ${colorScheme}`)

      await page.goto(origin)
      await isSignedOut(page)
      await look('sign in')
      await signIn(page, 'alice', 'not the password')
      await errorAt(page, 'password')
      await look('sign in, with an error')
      for (const part of ['sign-up', 'forgot-password', 'ticket=signet_pt_x&username=dora']) {
        await page.evaluate(`location.hash = ${JSON.stringify(part)}`)
        await page.locator('#sign-in').waitFor({ state: 'hidden' })
        await look(part)
      }
      await page.goto(origin)
      await signIn(page)
      await isSignedIn(page)
      await writePost(page, 'Hello')
      await call(page, 'Who am I?')
      await page.locator('#current-password').fill('not the password')
      await page.locator('#next-password').fill('quite another horse battery 7')
      await page.keyboard.press('Enter')
      await errorAt(page, 'current-password')
      await look('signed in, with an error')
      await button(page, 'Sign out everywhere').click()
      t.match(await noticed(page), /everywhere/)
      await look('signed out, with a notice')
    }
  },
)
