/** MSAL for Node signs with a key of its own, and brings the token of its workload. MSAL_NODE names its index.mjs. */
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { SignJWT } from 'jose'
import { test } from 'tap'
import { type Asserting, assertRefused, lastAssertion, testOwnKey, testWorkload, withAssertions } from './assertions.ts'
import { clientId } from './machines.ts'

const msal = await import(resolve(process.env['MSAL_NODE'] ?? 'node_modules/@azure/msal-node/dist/index.mjs'))

/** It refuses metadata without an authorization endpoint, also where it has no use for one: so it is given its metadata. */
async function metadataOf(issuer: string): Promise<string> {
  const found = await fetch(`${issuer}/.well-known/openid-configuration`)
  const metadata: object = JSON.parse(await found.text())
  return JSON.stringify({ ...metadata, authorization_endpoint: issuer })
}

async function startApp({ issuer }: Asserting, credential: object) {
  const { host } = new URL(issuer)
  const authorityMetadata = await metadataOf(issuer)
  const auth = { clientId, authority: issuer, knownAuthorities: [host], authorityMetadata, ...credential }
  return new msal.ConfidentialClientApplication({ auth, system: { protocolMode: msal.ProtocolMode.OIDC } })
}

async function asking(machine: Asserting, credential: object) {
  const app = await startApp(machine, credential)
  return (scope = 'metrics:read') => app.acquireTokenByClientCredential({ scopes: [scope], skipCache: true })
}

const https = { https: true } as const

testOwnKey(
  'MSAL for Node',
  (_t, machine) => {
    const clientAssertion = () =>
      new SignJWT({ iss: clientId, sub: clientId, aud: machine.issuer, jti: randomUUID() })
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(machine.own.privateKey)
    return asking(machine, { clientAssertion })
  },
  { form: { client_id: clientId } },
  https,
)

testWorkload(
  'MSAL for Node',
  (_t, machine) => asking(machine, { clientAssertion: async () => machine.token() }),
  { form: { client_id: clientId } },
  https,
)

test('MSAL for Node puts an id into the URL, which changes nothing, and uses its token again', async t => {
  const machine = await withAssertions(t, https)
  const app = await startApp(machine, { clientAssertion: async () => machine.token() })
  const ask = () => app.acquireTokenByClientCredential({ scopes: ['metrics:read'] })
  await ask()
  t.match(await ask(), { fromCache: true, scopes: ['metrics:read'] })
  t.equal(machine.sent.length, 1)
  t.match(machine.sent, [{ path: /^\/oauth\/token\?client-request-id=/, form: { 'x-client-SKU': 'msal.js.node' } }])
})

test('MSAL for Node is refused by a certificate: it writes the token endpoint for the audience', async t => {
  const machine = await withAssertions(t, { https: true, alg: 'PS256' })
  const clientCertificate = { thumbprintSha256: '00'.repeat(32), privateKey: machine.own.pem }
  const ask = await asking(machine, { clientCertificate })
  await assertRefused(t, machine, ask, 'wrong_audience')
  const { header, claims } = lastAssertion(machine)
  t.match(header, { alg: 'PS256', typ: 'JWT', kid: undefined })
  t.match(claims, { aud: machine.tokenUrl, sub: clientId })
  await assertRefused(t, machine, () => ask('metrics:write'), 'wrong_audience')
  t.equal(lastAssertion(machine).claims.jti, claims.jti, 'and it sends an assertion again for ten minutes')
})

test('MSAL for Node finds nothing in metadata without an authorization endpoint', async t => {
  const machine = await withAssertions(t, https)
  const ask = await asking(machine, { clientAssertion: async () => machine.token(), authorityMetadata: '' })
  await t.rejects(ask(), /endpoints_resolution_error/)
  t.same(machine.sent, [])
})
