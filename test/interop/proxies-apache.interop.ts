/** Apache of Debian 12 with mod_auth_openidc, by introspection or by the key set. DEBIAN_12 names the folder. */
import { type Test, test } from 'tap'
import { secret } from '../support/serve.ts'
import { assertFetchesKeysForUnknownOnes, assertRefusesAtOnce, startApache } from './apache.ts'
import { ISSUER, placed } from './integration-pages.ts'
import { assertLetsInOnlyGoodTokens, onPage, withProxy } from './proxies.ts'

async function withApache(t: Test, how: 'signet' | 'signet-by-keys') {
  const proxy = await withProxy(t)
  const { signet, service, authorityFile } = proxy
  const page = onPage(`/etc/apache2/conf-available/${how}.conf`)
  const values = { [ISSUER]: signet.service.issuer, '127.0.0.1:8080': service }
  const text = placed(page, { ...values, ...(how === 'signet' && { 'ClientSecret SECRET': `ClientSecret ${secret}` }) })
  await startApache(proxy, ['auth_openidc'], `OIDCCABundlePath ${authorityFile}\n${text}`)
  return proxy
}

test('Apache lets in who has a good token, by introspection', async t => {
  await assertLetsInOnlyGoodTokens(t, await withApache(t, 'signet'))
})

test('Apache refuses a token at once when its user was disabled, or its key was revoked, by introspection', async t => {
  await assertRefusesAtOnce(t, await withApache(t, 'signet'))
})

test('Apache lets in who has a good token, by the key set', async t => {
  await assertLetsInOnlyGoodTokens(t, await withApache(t, 'signet-by-keys'))
})

test('Apache takes a revoked key, by the key set, until a key comes that it does not know', async t => {
  await assertFetchesKeysForUnknownOnes(t, await withApache(t, 'signet-by-keys'))
})
