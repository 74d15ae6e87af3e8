/**
 * A resource service of Spring Boot, as docs/integrations/frameworks/spring.md shows it. SPRING_RESOURCE names the program of
 * spring-resource/.
 */
import { readFileSync } from 'node:fs'
import { type Test, test } from 'tap'
import { request, type Service } from '../support/serve.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { asksAfterDisabling, asksWithBadTokens } from './resource-cases.ts'
import { goesOnWithARevokedKey, withChangingKeys } from './resource-keys.ts'
import { folderWith, startResource } from './resources.ts'

const page = (file: string): string => fileOnPage('frameworks/spring', file)

/** With the configuration of the page, but for the issuer's address and the port. */
const resourceOf = (t: Test, { issuer }: Service) =>
  startResource(t, folderWith(t, {}), port => {
    const configuration = placed(page('application.yaml'), { [ISSUER]: issuer, '8080': String(port) })
    return [
      process.env['SPRING_RESOURCE'] ?? 'spring-resource',
      `--spring.config.location=${folderWith(t, { 'application.yaml': configuration })}/`,
    ]
  })

test('the program is made of what the page shows', async t => {
  for (const file of ['Application.java', 'pom.xml']) {
    t.equal(page(file), readFileSync(new URL(`spring-resource/${file}`, import.meta.url), 'utf8'), file)
  }
})

// It takes seconds to start: once.
test('a resource server of Spring Boot refuses what is no good access token, and follows the keys', {
  timeout: 300_000,
}, async t => {
  const changing = await withChangingKeys(t)
  const { service, token } = changing
  const { ask, url } = await resourceOf(t, service)
  await asksWithBadTokens(t, service, ask)

  await goesOnWithARevokedKey(t, ask, changing)

  const authorization = `Bearer ${token()}`
  const posts = new URL('/posts', url)
  t.equal(
    (await request(posts.href, { method: 'POST', headers: { authorization } })).status,
    200,
    'with the permission',
  )
  t.equal((await request(posts.href, { method: 'POST' })).status, 401, 'without a token')
  await asksAfterDisabling(t, service, ask)

  const [, claims, signature] = token().split('.')
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid: 'other' })).toString('base64url')
  await service.stop()
  t.equal(await ask(`${header}.${claims}.${signature}`), '503 ', 'without the issuer nobody knows whether it is good')
})
