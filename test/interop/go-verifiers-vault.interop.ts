/** Vault's JWT auth method, configured by the page. GO_VERIFIERS names the program of go-verifiers/, which has it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { byTest, temporaryFolder } from '../support/serve.ts'
import { startVerifier } from './go-verifiers.ts'
import { fileOnPage, ISSUER } from './integration-pages.ts'
import { assertTakesRevokedKeyUntilAnotherComes, type Verified, withVerified } from './verified.ts'
import { resigned } from './wrong-tokens.ts'

const pageJson = (name: string) => JSON.parse(fileOnPage('vault', name))

/** @param change of the page's role; undefined leaves a setting out */
async function withVault(t: Test, change: object = {}) {
  const role = pageJson('signet-role.json')
  const [audience] = role.bound_audiences
  const signet = await withVerified(t, { audience })
  const folder = temporaryFolder(t)
  const write = (name: string, content: object): string => {
    const text = JSON.stringify(content).replaceAll(ISSUER, signet.service.issuer)
    writeFileSync(join(folder, name), text.replace('vault-cli', 'command-line'))
    return join(folder, name)
  }
  const config = { ...pageJson('signet-config.json'), oidc_discovery_ca_pem: signet.authority }
  const files = [write('config.json', config), write('role.json', { ...role, ...change })]
  const ask = startVerifier(t, 'vault', files)
  return { ...signet, ask, isGood: async (token: string) => (await ask(token)).error === undefined }
}

/** One that has expired so many seconds ago. */
function expiredSince({ service }: Verified, good: string, seconds: number): string {
  const exp = Math.floor(Date.now() / 1000) - seconds
  return resigned(service, good, { exp })
}

test('a login is the sub, with the roles as groups, also of a user who was disabled since', async t => {
  const { ask, token, alice, service } = await withVault(t)
  const good = await token()
  t.same(await ask(good), { user: alice.userId, groups: ['editor'] })
  await service.users.setStatus('alice', 'disabled', byTest)
  t.same(await ask(good), { user: alice.userId, groups: ['editor'] })
})

test('what is no access token for Vault, or is expired, is refused', async t => {
  const { ask, isGood, token, wrong } = await withVault(t)
  t.ok(await isGood(await token()))
  for (const [name, refused] of Object.entries(await wrong())) {
    const why = name === 'an expired token' ? /token is expired/ : /invalid audience/
    t.match((await ask(refused)).error, why, name)
  }
})

test('Vault takes a revoked key until one comes that it does not know', async t => {
  const vault = await withVault(t)
  await assertTakesRevokedKeyUntilAnotherComes(t, vault, vault.isGood)
})

test('a token is good until it expires, and a minute more when the role says nothing of leeway', async t => {
  const strict = await withVault(t)
  t.notOk(await strict.isGood(expiredSince(strict, await strict.token(), 5)))
  const nothingSaid = { clock_skew_leeway: undefined, expiration_leeway: undefined, not_before_leeway: undefined }
  const lenient = await withVault(t, nothingSaid)
  const good = await lenient.token()
  t.ok(await lenient.isGood(expiredSince(lenient, good, 30)))
  t.notOk(await lenient.isGood(expiredSince(lenient, good, 90)))
})

test('a role that is bound by the issuer and not by the audience refuses every token, and lets in who brings the public status list', async t => {
  const { ask, token, wrong } = await withVault(t, {
    ...{ bound_audiences: undefined, groups_claim: undefined },
    bound_claims: { iss: [ISSUER] },
  })
  t.match((await ask(await token())).error, /no audiences bound to the role/)
  t.match(await ask((await wrong())['the status list'] ?? ''), { user: /^https:/ })
})
