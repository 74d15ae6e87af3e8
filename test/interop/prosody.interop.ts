/**
 * Prosody lets people in by their names and passwords in Signet, with the configuration on docs/integrations/prosody.md. DEBIAN_12 and
 * DEBIAN_13 name the Debians in which it runs, PROSODY_OAUTH_EXTERNAL the module, and XMPP_CLIENT a Python with slixmpp.
 */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { authority } from '../support/certificates.ts'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { byTest, freePort, password, serve, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { inDebian } from './debian.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { wrongTokens } from './wrong-tokens.ts'

const { PROSODY_OAUTH_EXTERNAL: module, XMPP_CLIENT: python } = process.env
const domain = 'xmpp.example.com'
const secret = 'a-secret-of-a-chat-server-0123456789'
const clientProgram = fileURLToPath(new URL('xmpp_client.py', import.meta.url))

async function withUsers(t: Test) {
  const clock = testClock()
  const service = await serve(t, { clock })
  await service.roles.add({ name: 'chat', permissions: ['chat:use'] }, byTest)
  for (const username of ['alice', "o'brien"]) await service.users.add({ username, password, roles: ['chat'] }, byTest)
  await service.users.add({ username: 'bob', password, roles: [] }, byTest)
  const grants = ['password']
  await addClient(service, { clientId: 'prosody', secret, grants, scope: ['chat:use'], audiences: [service.issuer] })
  return { ...service, clock }
}

/** @returns a function that signs in with the client */
async function startProsody(t: Test, release: 12 | 13, host: string) {
  const { folder, run, start, write } = inDebian(t, release)
  const port = await freePort()
  const own = authority('interop')
  const { key, certificate } = own.issue(domain)
  const file = join(temporaryFolder(t), 'authority.pem')
  writeFileSync(file, own.certificate)
  write(`certs/${domain}.key`, key)
  write(`certs/${domain}.crt`, certificate)
  write('modules/mod_auth_oauth_external/mod_auth_oauth_external.lua', readFileSync(module ?? '', 'utf8'))
  write('conf.d/host.cfg.lua', host)
  const config = write(
    'prosody.cfg.lua',
    `plugin_paths = { "${folder}/modules" }
modules_enabled = { "disco"; "roster"; "saslauth"; "tls"; "posix" }
modules_disabled = { "s2s" }
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
certificates = "${folder}/certs"
c2s_ports = { ${port} }
c2s_direct_tls_ports = {}
interfaces = { "127.0.0.1" }
log = { info = "*console" }
Include "conf.d/*.cfg.lua"
`,
  )
  await run('sh', ['-c', `mkdir ${folder}/data && chown -R prosody:prosody ${folder}`])
  const rights = ['--reuid', 'prosody', '--regid', 'prosody', '--clear-groups']
  const server = start('setpriv', [...rights, 'prosody', '-F', '--config', config])
  await until(async () => server.output().includes("Activated service 'c2s'"))
  return (address: string, proof: string, mechanism = 'PLAIN') => {
    const client = spawn(python ?? '', [clientProgram, `${port}`, file, `${address}@${domain}`, mechanism])
    client.stdin.end(proof)
    return text(client.stdout)
  }
}

const onPage = (url: string) =>
  placed(fileOnPage('prosody', '/etc/prosody/conf.d/xmpp.example.com.cfg.lua'), {
    [ISSUER]: url,
    'SECRET-OF-THE-CLIENT': secret,
  })

const missing = (release: 12 | 13) =>
  (process.env[`DEBIAN_${release}`] && module && python) === undefined && 'not everything for it is there'

const refused = 'failed not-authorized\n'

for (const release of [12, 13] as const)
  test(`Prosody of Debian ${release} lets in whom Signet gives the permission`, { skip: missing(release) }, async t => {
    const { issuer, users, container } = await withUsers(t)
    const signIn = await startProsody(t, release, onPage(issuer))
    t.equal(await signIn('alice', password), `bound alice@${domain}\n`)
    t.equal(await signIn('o\\27brien', password), `bound o\\27brien@${domain}\n`)
    t.equal(await signIn('alice', `${password}x`), refused)
    t.equal(await signIn('bob', password), refused, 'without the permission')
    t.equal(await signIn('alice', password, 'OAUTHBEARER'), 'failed no mechanism\n', 'PLAIN alone is offered')

    await (await container.keyLifecycle()).rotate(byTest)
    t.equal(await signIn('alice', password), `bound alice@${domain}\n`, 'after a rotation')
    await users.setStatus('alice', 'disabled', byTest)
    t.equal(await signIn('alice', password), refused, 'disabled')
  })

test('Prosody 13 takes the access tokens that /me takes, and no others', { skip: missing(13) }, async t => {
  const service = await withUsers(t)
  const { issuer, users, clock } = service
  const [, more = ''] =
    /^```lua\n(\toauth_external_validation_endpoint.*?)^```$/ms.exec(
      readFileSync(fileURLToPath(new URL('../../docs/integrations/prosody.md', import.meta.url)), 'utf8'),
    ) ?? []
  const signIn = await startProsody(t, 13, onPage(issuer) + placed(more, { [ISSUER]: issuer }))
  const token = async (username: string): Promise<string> => {
    const form = { grant_type: 'password', username, password }
    return (await service.token(form, { client: ['prosody', secret] })).body.access_token
  }
  t.equal(await signIn('alice', password), `bound alice@${domain}\n`, 'PLAIN works as before')
  const good = await token('alice')
  t.equal(await signIn('alice', good, 'OAUTHBEARER'), `bound alice@${domain}\n`)
  t.equal(await signIn('somebody', good, 'OAUTHBEARER'), `bound alice@${domain}\n`, 'the token says who it is')
  for (const [what, wrong] of Object.entries(await wrongTokens(service, good))) {
    t.equal(await signIn('alice', wrong, 'OAUTHBEARER'), refused, what)
    t.equal(await signIn('alice', wrong), refused, `${what} as the password`)
  }

  const brien = await token("o'brien")
  await users.setStatus("o'brien", 'disabled', byTest)
  t.equal(await signIn('alice', brien, 'OAUTHBEARER'), refused, 'disabled')
  clock.advance(11 * 60_000)
  t.equal(await signIn('alice', good, 'OAUTHBEARER'), refused, 'expired')
})
