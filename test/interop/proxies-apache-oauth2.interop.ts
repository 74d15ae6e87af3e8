/** Apache of Debian 12 with mod_oauth2, by introspection or by the key set. DEBIAN_12 names the folder. */
import { type Test, test } from 'tap'
import { request, secret } from '../support/serve.ts'
import { assertFetchesKeysForUnknownOnes, assertRefusesAtOnce, startApache } from './apache.ts'
import { blockOnPage, ISSUER, placed } from './integration-pages.ts'
import { assertLetsInOnlyGoodTokens, onPage, withProxy } from './proxies.ts'

const ofPage = onPage('/etc/apache2/conf-available/signet-oauth2.conf')
const asks = /^ *OAuth2TokenVerify .*\n/m
const jwksLine = `    OAuth2TokenVerify jwks_uri ${ISSUER}/.well-known/jwks.json jwks_uri.expiry=300&verify.exp=required&expiry=0`

/** The authorities are the system's, and that of a test is none of them. */
const byIntrospection = placed(ofPage, {
  'introspect.auth': 'introspect.ssl_verify=false&introspect.auth',
  'client_secret=SECRET': `client_secret=${secret}`,
})
const byKeys = ofPage.replace(
  asks,
  placed(blockOnPage('proxies', jwksLine), { 'jwks_uri.expiry': 'jwks_uri.ssl_verify=false&jwks_uri.expiry' }),
)

const ways = Object.entries({ 'by introspection': byIntrospection, 'by the key set': byKeys })

async function withApache(t: Test, text: string) {
  const proxy = await withProxy(t)
  const values = { [ISSUER]: proxy.signet.service.issuer, '127.0.0.1:8080': proxy.service }
  await startApache(proxy, ['oauth2', 'rewrite'], placed(text, values))
  return proxy
}

for (const [how, text] of ways)
  test(`Apache with mod_oauth2 lets in who has a good token, ${how}`, async t => {
    await assertLetsInOnlyGoodTokens(t, await withApache(t, text))
  })

test('Apache with mod_oauth2 refuses a token at once when its user was disabled, or its key was revoked, by introspection', async t => {
  await assertRefusesAtOnce(t, await withApache(t, byIntrospection))
})

for (const [how, text] of ways)
  test(`Apache with mod_oauth2 keeps a verdict when it is not told otherwise, ${how}`, async t => {
    const { signet, statusOf } = await withApache(t, placed(text, { '&expiry=0': '' }))
    const stolen = await signet.token()
    t.equal(await statusOf(stolen), 200)
    await signet.revokeActive()
    await signet.rotationThatFollows()
    t.equal(await statusOf(await signet.token()), 200)
    t.equal(await statusOf(stolen), 200)
  })

test('Apache with mod_oauth2 takes a revoked key, by the key set, until a key comes that it does not know', async t => {
  await assertFetchesKeysForUnknownOnes(t, await withApache(t, byKeys))
})

test('Apache with mod_oauth2 asks for the permission in another Location, too, if its Rewrite lines inherit', async t => {
  const another = `<Location "/inside">
    RewriteEngine On
    RewriteOptions InheritBefore
    RewriteRule ^nothing$ -
</Location>
`
  const { signet, own, statusOf } = await withApache(t, byKeys + another)
  const inside = async (token: string) =>
    (await request(`http://${own}/inside`, { headers: { authorization: `Bearer ${token}` } })).status
  t.equal(await inside(await signet.token()), 200)
  const writing = await signet.token({ scope: 'posts:write' })
  t.same([await statusOf(writing), await inside(writing)], [403, 403])
})
