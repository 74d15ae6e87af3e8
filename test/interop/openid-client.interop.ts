/** openid-client signs with a key of its own, and brings the token of its workload. OPENID_CLIENT names its index.js. */
import { resolve } from 'node:path'
import { test } from 'tap'
import { jwtBearer } from '../support/assertions.ts'
import { type Asserting, lastAssertion, testOwnKey, testWorkload, withAssertions } from './assertions.ts'
import { clientId } from './machines.ts'

const client = await import(resolve(process.env['OPENID_CLIENT'] ?? 'node_modules/openid-client/build/index.js'))

/** @param authentication of its own, or what any function does */
const discover = ({ issuer }: Asserting, authentication: unknown) =>
  client.discovery(new URL(issuer), clientId, undefined, authentication, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  })

const asking = (config: unknown) => () => client.clientCredentialsGrant(config, { scope: 'metrics:read' })

for (const alg of ['RS256', 'ES256', 'Ed25519'])
  testOwnKey(
    `openid-client (${alg})`,
    async (_t, machine) => asking(await discover(machine, client.PrivateKeyJwt(machine.own.privateKey))),
    { form: { client_id: clientId } },
    { alg },
  )

testWorkload(
  'openid-client',
  async (_t, machine) => {
    const workload = (_server: object, _client: object, body: URLSearchParams) => {
      body.set('client_assertion_type', jwtBearer)
      body.set('client_assertion', machine.token())
      body.set('client_id', clientId)
    }
    return asking(await discover(machine, workload))
  },
  { form: { client_id: clientId } },
)

test('openid-client makes assertions for the issuer that live a minute, and so does the token; it names its key if told', async t => {
  const machine = await withAssertions(t)
  const { privateKey: key } = machine.own
  await asking(await discover(machine, client.PrivateKeyJwt({ key, kid: 'one' })))()
  const { header, claims } = lastAssertion(machine)
  t.same(header, { alg: 'RS256', kid: 'one' })
  t.match(claims, { iss: clientId, sub: clientId, aud: machine.issuer, exp: claims.iat + 60, jti: String })
  t.ok(machine.sent.at(-1)?.body.expires_in <= 60)
})

test('openid-client gets a token that lives longer by an assertion that does, and revokes it by another', async t => {
  const machine = await withAssertions(t)
  const longer = {
    [client.modifyAssertion]: (_header: object, claims: { exp: number; readonly iat: number }) => {
      claims.exp = claims.iat + 3600
    },
  }
  const config = await discover(machine, client.PrivateKeyJwt(machine.own.privateKey, longer))
  const { access_token: token, expires_in } = await asking(config)()
  t.equal(expires_in, 600)
  await client.tokenRevocation(config, token)
  t.match(machine.sent.at(-1), { path: '/oauth/revoke', form: { client_assertion_type: jwtBearer }, status: 200 })
})
