/**
 * The authenticator of kube-apiserver, configured by the page, with the cache that kube-apiserver puts before it. GO_VERIFIERS names
 * the program of go-verifiers/.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { byTest, temporaryFolder } from '../support/serve.ts'
import { startVerifier } from './go-verifiers.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { type VerifiedOptions, withVerified } from './verified.ts'

const audience = 'kubernetes'

async function withKubernetes(t: Test, options: VerifiedOptions = {}) {
  const signet = await withVerified(t, { audience, ...options })
  const file = join(temporaryFolder(t), 'authentication.yaml')
  const page = fileOnPage('kubernetes', '/etc/kubernetes/authentication.yaml')
  const [certificate = ''] = page.match(/-----BEGIN.*-----END CERTIFICATE-----/s) ?? []
  const own = signet.authority.trim().replaceAll('\n', '\n        ')
  writeFileSync(file, placed(page, { [ISSUER]: signet.service.issuer, [certificate]: own }))
  return { ...signet, ask: startVerifier(t, 'kubernetes', [file]) }
}

test("a token is the user by sub and the groups by roles, and a disabled user's is as good until it expires", async t => {
  const { ask, token, alice, service } = await withKubernetes(t)
  const good = [await token(), await token()] as const
  const seen = { user: `signet:${alice.userId}`, groups: ['signet:editor'] }
  t.same(await ask(good[0]), seen)
  await service.users.setStatus('alice', 'disabled', byTest)
  t.same(await ask(good[1]), seen)
})

test('what is no access token for the cluster, or is expired, is refused', async t => {
  const { ask, token, wrong } = await withKubernetes(t)
  t.match(await ask(await token()), { error: undefined })
  for (const [name, refused] of Object.entries(await wrong()))
    t.match((await ask(refused)).error, name === 'an expired token' ? /token is expired/ : /expected audience/, name)
})

test('a planned rotation is not noticed: the standby is known, and nothing is fetched', async t => {
  const { ask, token, rotate, fetches } = await withKubernetes(t)
  const before = await token()
  t.match(await ask(before), { error: undefined })
  await rotate()
  t.match(await ask(await token()), { error: undefined })
  t.match(await ask(before), { error: undefined })
  t.equal(fetches(), 1)
})

test('a revoked key is good until the rotation that follows brings one that is not known', async t => {
  // Older than five minutes, as it is after twenty.
  const { ask, token, revokeActive, rotationThatFollows, fetches } = await withKubernetes(t, { maxAge: 20 })
  const stolen = [await token(), await token(), await token()] as const
  t.match(await ask(stolen[0]), { error: undefined })
  await revokeActive()
  t.match(await ask(await token()), { error: undefined })
  t.match(await ask(stolen[1]), { error: undefined }, 'it was not seen before, and still verifies')
  t.equal(fetches(), 1)
  await rotationThatFollows()
  t.match(await ask(await token()), { error: undefined })
  t.match((await ask(stolen[2])).error, /failed to verify signature/)
  t.match(await ask(stolen[1]), { error: undefined }, 'it is in the cache for ten seconds')
})

test('a key that it has not heard of is refused while its key set is younger than four and a half minutes', async t => {
  const { ask, token, revokeAll, fetches } = await withKubernetes(t)
  t.match(await ask(await token()), { error: undefined })
  await revokeAll()
  t.match((await ask(await token())).error, /failed to verify signature/)
  t.equal(fetches(), 1)
})

test('an issuer that is not asked by https is refused at the start', async t => {
  const file = join(temporaryFolder(t), 'authentication.yaml')
  const page = fileOnPage('kubernetes', '/etc/kubernetes/authentication.yaml')
  writeFileSync(
    file,
    page.replace(/ +certificateAuthority.*?-----END CERTIFICATE-----\n/s, '').replace('https://', 'http://'),
  )
  const { status, stderr } = spawnSync(process.env['GO_VERIFIERS'] ?? 'go-verifiers', ['kubernetes', file], {
    encoding: 'utf8',
  })
  t.equal(status, 1)
  t.match(stderr, 'URL scheme must be https')
})
