/**
 * SmallRye JWT, which Quarkus verifies with, and the properties of docs/integrations/frameworks/quarkus.md. SMALLRYE_RESOURCE names
 * the program of smallrye-resource/.
 */
import { type Test, test } from 'tap'
import type { Service } from '../support/serve.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { asksAfterDisabling, asksWithBadTokens } from './resource-cases.ts'
import { goesOnWithARevokedKey, withChangingKeys } from './resource-keys.ts'
import { folderWith, startProgram } from './resources.ts'

function resourceOf(t: Test, { issuer }: Service) {
  const properties = placed(fileOnPage('frameworks/quarkus', 'application.properties'), { [ISSUER]: issuer })
  const folder = folderWith(t, { 'META-INF/microprofile-config.properties': properties })
  return startProgram(t, folder, [process.env['SMALLRYE_RESOURCE'] ?? 'smallrye-resource'])
}

test('SmallRye JWT refuses what is no good access token, but for its type, and follows the keys', async t => {
  const changing = await withChangingKeys(t)
  const { service } = changing
  const { ask } = resourceOf(t, service)
  await asksWithBadTokens(t, service, ask, ['a token of another type'])

  await goesOnWithARevokedKey(t, ask, changing)
  await asksAfterDisabling(t, service, ask)
})
