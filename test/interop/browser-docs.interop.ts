/** The API reference in a real Chromium: "Authorize" and "Try it out" ask the service that it describes. */
import type { Locator, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { addClient } from '../support/clients.ts'
import { addAlice, api, byTest, claimsOf, password, secret, serve } from '../support/serve.ts'
import { listenTo, startBrowser } from './browser.ts'

const openProfile = await startBrowser(t)

/** alice, two clients with which she signs in and one that asks for itself, and the reference, read in a browser. */
async function reader(t: Test) {
  const service = await serve(t)
  await addAlice(service)
  const audiences = [api, service.issuer]
  await service.clients.update('spa', { audiences }, byTest)
  await addClient(service, { clientId: 'web', audiences, introspect: [api] })
  await addClient(service, { clientId: 'worker', grants: ['client_credentials'], audiences: [service.issuer] })
  const profile = await openProfile(t)
  const heard = listenTo(profile)
  const page = await profile.newPage()
  await page.goto(`${service.management}/docs`)
  await page.getByRole('button', { name: 'Authorize' }).click()
  return { service, page, heard }
}

/** The dialog has a form for each way to authorize. */
const formFor = (page: Page, way: string): Locator => page.locator('.auth-container').filter({ hasText: way })

async function authorize(form: Locator, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [field, value] of Object.entries(fields)) await form.locator(field).fill(value)
  await form.getByRole('button', { name: 'Apply' }).click()
}

const isAuthorized = (form: Locator) => form.getByRole('button', { name: 'Remove' }).waitFor()
const close = (page: Page) => page.getByRole('button', { name: 'Close' }).first().click()

/** Executes an operation and answers what the page shows of the response. */
async function tryOut(page: Page, operationId: string, form: Readonly<Record<string, string>> = {}) {
  const operation = page.locator(`.opblock[id$="-${operationId}"]`)
  await operation.locator('.opblock-summary-control').click()
  await operation.getByRole('button', { name: 'Try it out' }).click()
  for (const [name, value] of Object.entries(form))
    await operation.locator(`tr[data-property-name="${name}"] input`).first().fill(value)
  await operation.getByRole('button', { name: 'Execute' }).click()
  const live = operation.locator('.live-responses-table')
  const status = Number.parseInt(await live.locator('.response-col_status').last().innerText(), 10)
  return { status, text: await live.locator('.response-col_description pre').first().innerText() }
}

const signInForm = (page: Page) => formFor(page, 'OAuth2, password')
const alice = { '#oauth_username': 'alice', '#oauth_password': password }

for (const [clientId, proof, where] of [
  ['web', secret, 'basic'],
  ['web', secret, 'request-body'],
  ['spa', '', 'request-body'],
  ['spa', '', 'basic'],
] as const)
  t.test(`alice signs in through ${clientId}, which is named in ${where}, and sees who she is`, async t => {
    const { page, heard } = await reader(t)
    const form = signInForm(page)
    await form.locator('#password_type').selectOption(where)
    await authorize(form, { ...alice, '#client_id_password': clientId, '#client_secret_password': proof })
    await isAuthorized(form)
    await close(page)
    const { status, text } = await tryOut(page, 'me')
    t.same([status, JSON.parse(text).username], [200, 'alice'])
    t.notMatch(heard.join('\n'), /Content Security Policy|CORS/)
    t.match((await tryOut(page, 'jwks')).text, '"kty": "RSA"')
    t.match(await tryOut(page, 'livez'), { status: 200, text: /"ok"/ })
  })

t.test('a wrong password is shown as the service says it', async t => {
  const { page } = await reader(t)
  const form = signInForm(page)
  await authorize(form, {
    ...alice,
    '#oauth_password': 'wrong',
    '#client_id_password': 'web',
    '#client_secret_password': secret,
  })
  t.match(await form.locator('.errors').innerText(), /invalid_grant/)
})

t.test('a machine asks for itself, and is told that it is no user', async t => {
  const { page } = await reader(t)
  const form = formFor(page, 'OAuth2, clientCredentials')
  await authorize(form, { '#client_id_clientCredentials': 'worker', '#client_secret_clientCredentials': secret })
  await isAuthorized(form)
  await close(page)
  t.match(await tryOut(page, 'me'), { status: 403, text: /This is for tokens of users/ })
})

t.test('a client introspects a token of alice', async t => {
  const { page, service } = await reader(t)
  await authorize(formFor(page, 'http, Basic'), {
    '#auth-basic-username': 'web',
    '#auth-basic-password': secret,
  })
  await close(page)
  const form = { grant_type: 'password', username: 'alice', password }
  const { body } = await service.token(form, { client: ['web', secret] })
  const { status, text } = await tryOut(page, 'introspect', { token: body.access_token })
  t.equal(status, 200)
  t.match(JSON.parse(text), { active: true, username: 'alice', sub: claimsOf(body.access_token).sub })
})

t.test('an access token that is pasted works as well', async t => {
  const { page, service } = await reader(t)
  const form = { grant_type: 'password', username: 'alice', password, resource: service.issuer }
  const { body } = await service.token(form, { client: ['web', secret] })
  await authorize(formFor(page, 'http, Bearer'), { '#auth-bearer-value': body.access_token })
  await close(page)
  t.match(await tryOut(page, 'me'), { status: 200, text: /alice/ })
})

t.test('the page is named after Signet, and the example of the token endpoint works as it is', async t => {
  const { page, service } = await reader(t)
  await addClient(service, { clientId: 'blog', isPublic: true, secret: undefined })
  await close(page)
  t.equal(await page.title(), 'Signet API reference')
  t.equal(await page.locator('link[rel=icon]').getAttribute('href'), '/docs/static/theme/icon.svg')
  t.equal(await page.locator('img, .topbar').count(), 0, 'no logo of the program that draws the page')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.reload()
  await page.locator('html.dark-mode').waitFor()

  const { status, text } = await tryOut(page, 'token')
  t.equal(status, 200)
  t.match(claimsOf(JSON.parse(text).access_token), { client_id: 'blog' })
  t.match(await page.locator('.opblock[id$="-token"] .opblock-description table').innerText(), /refresh_token/)
})
