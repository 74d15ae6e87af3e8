/** Open Policy Agent with the policy of the page. OPA names it. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { byTest, freePort, request, temporaryFolder } from '../support/serve.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { listens } from './listening.ts'
import { type VerifiedOptions, withVerified } from './verified.ts'
import { resigned } from './wrong-tokens.ts'

async function withOpa(t: Test, options: VerifiedOptions = {}, change = (policy: string): string => policy) {
  const signet = await withVerified(t, options)
  const port = await freePort()
  const own = `127.0.0.1:${port}`
  const file = join(temporaryFolder(t), 'signet.rego')
  writeFileSync(file, change(placed(fileOnPage('opa', 'signet.rego'), { [ISSUER]: signet.service.issuer })))
  const words = ['run', '--server', '--addr', own, '--skip-version-check', '--log-level', 'error', file]
  const opa = spawn(process.env['OPA'] ?? 'opa', words, {
    stdio: 'ignore',
    env: { ...process.env, SSL_CERT_FILE: signet.authorityFile },
  })
  t.teardown(() => opa.kill('SIGKILL'))
  const ask = async (token: string) => {
    const body = JSON.stringify({ input: { token } })
    const headers = { 'content-type': 'application/json' }
    return (await request(`http://${own}/v1/data/signet`, { body, headers })).body.result
  }
  await listens(port)
  return { ...signet, ask, isAllowed: async (token: string): Promise<boolean> => (await ask(token)).allow }
}

test('the policy allows who has the permission, and knows the user', async t => {
  const { ask, isAllowed, token, alice, service, fetches } = await withOpa(t)
  const good = await token()
  t.match(await ask(good), { allow: true, user: alice.userId })
  t.equal(await isAllowed(await token({ scope: 'posts:write' })), false)
  await service.users.setStatus('alice', 'disabled', byTest)
  t.equal(await isAllowed(good), true, 'until it expires')
  t.equal(fetches(), 1)
})

test('the policy denies what is no access token for the service, or is expired, by one second', async t => {
  const { isAllowed, token, wrong, service } = await withOpa(t)
  const good = await token()
  t.equal(await isAllowed(good), true)
  for (const [name, refused] of Object.entries(await wrong())) t.equal(await isAllowed(refused), false, name)
  const exp = Math.floor(Date.now() / 1000) - 1
  t.equal(await isAllowed(resigned(service, good, { exp })), false)
})

test('the policy knows the standby, and takes a revoked key until it fetches the keys again', async t => {
  // They are kept for as long as the service says: here, a moment.
  for (const maxAge of [300, 0]) {
    const { isAllowed, token, revokeActive } = await withOpa(t, { maxAge })
    const stolen = await token()
    t.equal(await isAllowed(stolen), true)
    await revokeActive()
    t.equal(await isAllowed(await token()), true)
    t.equal(await isAllowed(stolen), maxAge > 0, `with keys that are kept for ${maxAge} s`)
  }
})

test('the policy denies a key that it could not know while it keeps the keys', async t => {
  const { isAllowed, token, revokeAll } = await withOpa(t)
  t.equal(await isAllowed(await token()), true)
  await revokeAll()
  t.equal(await isAllowed(await token()), false)
})

test('a policy that names no audience denies every good token, and says nothing', async t => {
  const { ask, token } = await withOpa(t, {}, policy => placed(policy, { '\t\t"aud": audience,\n': '' }))
  const { allow, user } = await ask(await token())
  t.same({ allow, user }, { allow: false, user: undefined })
})
