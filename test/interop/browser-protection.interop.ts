/** What protects the login page of the example from other pages, foreign scripts and curious eyes, in a real Chromium. */
import t from 'tap'
import { resourceApi } from '../support/resource-api.ts'
import {
  alerted,
  bearerOf,
  button,
  errorAt,
  isSignedIn,
  isSignedOut,
  listenTo,
  refreshTokenIn,
  signIn,
  startBrowser,
} from './browser.ts'

const openProfile = await startBrowser(t)

t.test('a page of another origin can sign nobody in', async t => {
  const { port, service, audited } = await resourceApi(t)
  const page = await (await openProfile(t)).newPage()
  const foreign = `http://page.localhost:${port}`
  await page.goto(foreign)
  await signIn(page)
  t.equal(await alerted(page), `${service.issuer} can't be reached, or it doesn't allow pages of ${foreign}.`)
  t.equal(await refreshTokenIn(page), null)
  t.match(service.log(), /"route":"\/oauth\/token","status":403,.*"outcome":"origin_not_allowed"/)
  t.equal(audited('user.sign_in'), 0, 'the password was not even looked at')
})

t.test(
  'no token and no password gets into an address, a Referer, the console, a cookie or the log of the resource API',
  async t => {
    const { page: origin, log } = await resourceApi(t)
    const profile = await openProfile(t)
    const heard = listenTo(profile)
    const page = await profile.newPage()
    await page.goto(origin)
    await signIn(page, 'alice', 'a-wrong-password-of-alice')
    await errorAt(page, 'password')
    await signIn(page)
    await isSignedIn(page)
    const secrets = [await bearerOf(page, 'Who am I?'), await refreshTokenIn(page), 'a-wrong-password', 'correct horse']
    await button(page, 'Statistics').click()
    await page.getByText('"posts"').waitFor()
    await button(page, 'Sign out').click()
    await isSignedOut(page)

    t.ok(
      heard.some(each => each === `${origin}/admin/stats`),
      'what was heard is not nothing',
    )
    const everything = decodeURIComponent([...heard, page.url(), log()].join('\n'))
    for (const secret of secrets) t.notOk(everything.includes(secret ?? ''), 'not said')
    t.same(await profile.cookies(), [])
    t.equal(await page.evaluate('sessionStorage.length + localStorage.length'), 0)
    t.equal(await refreshTokenIn(page), null, 'nothing is left in the browser')
  },
)

t.test('a script that got into the page can neither run inline nor fetch anything from elsewhere', async t => {
  const { page: origin, service } = await resourceApi(t)
  const page = await (await openProfile(t)).newPage()
  await page.goto(origin)
  const inline = `const script = document.createElement('script'); script.append('window.ran = true'); document.body.append(script); window.ran`
  t.equal(await page.evaluate(`try { ${inline} } catch { undefined }`), undefined, 'inline')
  const goesTo = (url: string) => page.evaluate(`fetch('${url}', { mode: 'no-cors' }).then(() => true, () => false)`)
  t.equal(await goesTo(`${service.management}/livez`), false, 'elsewhere')
  t.equal(await goesTo(`${service.issuer}/.well-known/jwks.json`), true, 'the token service')
})
