/**
 * Resource services of Go that verify with go-oidc, golang-jwt and jwx: with the files that docs/integrations/frameworks/go.md
 * shows. GO_RESOURCE names the program of go-resource/.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type Test, test } from 'tap'
import { api, claimsOf, type Service } from '../support/serve.ts'
import { until, withAlice } from '../support/status-list.ts'
import { fileOnPage } from './integration-pages.ts'
import { asksAfterDisabling, asksWithBadTokens, goodToken } from './resource-cases.ts'
import { goesOnWithARevokedKey, withChangingKeys } from './resource-keys.ts'
import { folderWith, type Resource, startResource } from './resources.ts'
import { resigned } from './wrong-tokens.ts'

const resourceOf = (t: Test, library: string, { issuer }: Service, keepSeconds: number): Promise<Resource> =>
  startResource(t, folderWith(t, {}), port => {
    return [process.env['GO_RESOURCE'] ?? 'go-resource', library, issuer, api, String(keepSeconds), String(port)]
  })

test('the program is made of what the page shows', async t => {
  for (const file of ['resource.go', 'oidc.go', 'golangjwt.go', 'jwx.go']) {
    const compiled = readFileSync(new URL(`go-resource/resource/${file}`, import.meta.url), 'utf8')
    t.equal(fileOnPage('frameworks/go', file), compiled, file)
  }
})

/** In the place of a service that was stopped. @returns how often it was asked */
async function failingIssuer(t: Test, { config }: Service): Promise<() => number> {
  let count = 0
  const server = createServer((_request, response) => {
    count += 1
    response.writeHead(503).end()
  })
  await new Promise<void>(resolve => server.listen(config.port, '127.0.0.1', resolve))
  t.teardown(() => void server.close().closeAllConnections())
  return () => count
}

/** What each says to a key that is new since its last fetch. */
const libraries = { oidc: 'accepted', golangjwt: 'accepted', jwx: 'refused' } as const

for (const [library, atUnknown] of Object.entries(libraries)) {
  test(`${library}.go accepts good access tokens and refuses what is none`, async t => {
    const service = await withAlice(t)
    const { ask } = await resourceOf(t, library, service, 300)
    await asksWithBadTokens(t, service, ask)
    const good = await goodToken(service)
    const early = resigned(service, good, { iat: claimsOf(good).iat + 3 })
    t.equal(await ask(early), 'accepted', 'when the clock of the issuer is three seconds ahead')
    await asksAfterDisabling(t, service, ask)
  })

  test(`${library}.go follows rotations, and goes on with a revoked key until it fetches`, async t => {
    const changing = await withChangingKeys(t)
    const { ask } = await resourceOf(t, library, changing.service, 300)
    await goesOnWithARevokedKey(t, ask, changing, atUnknown)
  })

  test(`${library}.go refuses a revoked key when its time is over, and no good one while the issuer is away`, async t => {
    const { service, token, ...keys } = await withChangingKeys(t)
    const { ask } = await resourceOf(t, library, service, 1)
    const revoked = token()
    t.equal(await ask(revoked), 'accepted')
    await keys.revokeActive()
    await until(async () => (await ask(revoked)) === 'refused')
    const good = token()
    t.equal(await ask(good), 'accepted')
    await service.stop()
    const fetches = await failingIssuer(t, service)
    await until(async () => (await ask(good)) !== 'accepted' || fetches() > 1)
    t.equal(await ask(good), 'accepted', 'while the issuer is away its keys go on')
  })

  test(`${library}.go does not go back to a revoked key when the issuer is away`, async t => {
    const { service, token, ...keys } = await withChangingKeys(t)
    const { ask } = await resourceOf(t, library, service, 1)
    const revoked = token()
    t.equal(await ask(revoked), 'accepted')
    await keys.revokeActive()
    await until(async () => (await ask(revoked)) === 'refused')
    await service.stop()
    const fetches = await failingIssuer(t, service)
    await until(async () => (await ask(revoked)) === 'accepted' || fetches() > 1)
    t.not(await ask(revoked), 'accepted', 'nothing else was verified meanwhile')
  })
}

for (const library of ['oidc', 'golangjwt']) {
  test(`${library}.go does not start without the issuer`, async t => {
    const service = await withAlice(t)
    await service.stop()
    await t.rejects(resourceOf(t, library, service, 300), /connection refused/)
  })
}
