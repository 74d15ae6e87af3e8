/**
 * Swagger UI signs people in by the password grant, in the page that docs/integrations/frameworks/api-clients.md shows. SWAGGER_UI names a
 * file of swagger-ui-dist's, CHROMIUM a browser.
 */
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, extname, join } from 'node:path'
import { type Test, test } from 'tap'
import { addClient } from '../support/clients.ts'
import { claimsOf, password, type Service } from '../support/serve.ts'
import { withAlice } from '../support/status-list.ts'
import { startBrowser } from './browser.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { skipWithout } from './resources.ts'

const files = dirname(process.env['SWAGGER_UI'] ?? '.')
const types: Readonly<Record<string, string>> = { '.css': 'text/css', '.js': 'text/javascript' }

/** The page of the docs, the files beside it, and an API that answers `GET /me` with the token that it was given. */
async function startPage(t: Test, { issuer }: Service): Promise<string> {
  const page = placed(fileOnPage('frameworks/api-clients', 'swagger.html'), { [ISSUER]: issuer })
  const server = createServer(({ url = '/', headers }, response) => {
    const file = join(files, url)
    if (url === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(page)
    else if (url === '/me') response.writeHead(200, { 'content-type': 'text/plain' }).end(headers.authorization)
    else if (!existsSync(file)) response.writeHead(404).end()
    else createReadStream(file).pipe(response.writeHead(200, { 'content-type': types[extname(file)] ?? 'text/plain' }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('Swagger UI gets a token for a page whose origin is registered, and calls with it', {
  skip: skipWithout('SWAGGER_UI', 'CHROMIUM'),
  timeout: 300_000,
}, async t => {
  const service = await withAlice(t)
  const origin = await startPage(t, service)
  const docs = { clientId: 'docs', isPublic: true, secret: undefined, grants: ['password'] }
  await addClient(service, { ...docs, origins: [origin] })
  const open = await startBrowser(t)
  const page = await (await open(t)).newPage()
  await page.goto(origin)

  async function authorize(typed: string) {
    await page.locator('#oauth_username').fill('alice')
    await page.locator('#oauth_password').fill(typed)
    await page.locator('.auth-btn-wrapper .authorize').click()
  }
  await page.locator('.scheme-container .authorize').click()
  await authorize('not the password')
  const said = await page.locator('.auth-container .errors').innerText()
  t.match(said, /invalid_grant.*The username or the password is wrong/)
  await authorize(password)
  await page.getByText('Authorized', { exact: true }).waitFor()
  await page.locator('.btn-done').click()

  await page.locator('.opblock-summary-control').click()
  await page.locator('.try-out__btn').click()
  const called = page.waitForResponse(`${origin}/me`)
  await page.locator('.execute').click()
  const [scheme, token = ''] = (await (await called).text()).split(' ')
  t.equal(scheme, 'Bearer')
  t.match(claimsOf(token), { client_id: 'docs', scope: 'posts:read' })
})
