/**
 * SmallRye JWT, which Quarkus verifies with, and the properties of docs/integrations/frameworks.md. SMALLRYE_RESOURCE names the
 * program of smallrye-resource/.
 */
import { type Test, test } from 'tap'
import type { Service } from '../support/serve.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { asksAfterDisabling, asksWithBadTokens } from './resource-cases.ts'
import { withChangingKeys } from './resource-keys.ts'
import { folderWith, startProgram } from './resources.ts'

function resourceOf(t: Test, { issuer }: Service) {
  const properties = placed(fileOnPage('frameworks', 'application.properties'), { [ISSUER]: issuer })
  const folder = folderWith(t, { 'META-INF/microprofile-config.properties': properties })
  return startProgram(t, folder, [process.env['SMALLRYE_RESOURCE'] ?? 'smallrye-resource'])
}

test('SmallRye JWT refuses what is no good access token, but for its type, and follows the keys', async t => {
  const { service, token, ...keys } = await withChangingKeys(t)
  const { ask } = resourceOf(t, service)
  await asksWithBadTokens(t, service, ask, ['a token of another type'])

  const revoked = token()
  await keys.revokeActive()
  t.equal(await ask(revoked), 'accepted', 'a copy of the revoked key is used')
  t.equal(await ask(token()), 'accepted', 'the standby that took over is known')
  await keys.rotate()
  t.equal(await ask(token()), 'accepted', 'a key that is new is fetched')
  t.equal(await ask(revoked), 'refused', 'and that fetch ends the revoked one')
  await asksAfterDisabling(t, service, ask)
})
