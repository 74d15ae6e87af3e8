/** What the login page of the example says when it does not get what it needs, in a real Chromium. */
import t from 'tap'
import { resourceApi } from '../support/resource-api.ts'
import { alerted, signIn, startBrowser } from './browser.ts'

const openProfile = await startBrowser(t)

t.test('a page that can not learn its configuration says so', async t => {
  const { page: origin } = await resourceApi(t)
  const page = await (await openProfile(t)).newPage()
  await page.route(`${origin}/config.json`, route => route.abort())
  await page.goto(origin)
  t.equal(await alerted(page), `${origin} can't be reached, or it doesn't allow pages of ${origin}.`)
})

t.test('an answer that is no JSON, as of a proxy in between, is told in words', async t => {
  const { page: origin, service } = await resourceApi(t)
  const page = await (await openProfile(t)).newPage()
  await page.goto(origin)
  for (const body of ['<h1>Welcome to the guest network</h1>', '', 'null']) {
    const headers = { 'access-control-allow-origin': origin }
    await page.route(`${service.issuer}/oauth/token`, route => route.fulfill({ body, headers }))
    await page.reload()
    await signIn(page)
    t.equal(await alerted(page), `The answer of ${service.issuer} is not JSON.`, body)
  }
})
