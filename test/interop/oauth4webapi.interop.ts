/** oauth4webapi signs with a key of its own, and brings the token of its workload. */
import * as oauth from 'oauth4webapi'
import { test } from 'tap'
import { jwtBearer } from '../support/assertions.ts'
import { type Asks, type Asserting, lastAssertion, testOwnKey, testWorkload, withAssertions } from './assertions.ts'
import { clientId } from './machines.ts'

const insecure = { [oauth.allowInsecureRequests]: true }
const client: oauth.Client = { client_id: clientId }

async function discover({ issuer }: Asserting) {
  const response = await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...insecure })
  return oauth.processDiscoveryResponse(new URL(issuer), response)
}

const asking = (server: oauth.AuthorizationServer, authentication: oauth.ClientAuth) => async () => {
  const parameters = { scope: 'metrics:read' }
  const response = oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, insecure)
  return oauth.processClientCredentialsResponse(server, client, await response)
}

const byKey = async (_t: unknown, machine: Asserting): Promise<Asks> =>
  asking(await discover(machine), oauth.PrivateKeyJwt(machine.own.privateKey))

for (const alg of ['PS256', 'ES384'])
  testOwnKey(`oauth4webapi (${alg})`, byKey, { form: { client_id: clientId } }, { alg })

testWorkload(
  'oauth4webapi',
  async (_t, machine) => {
    const workload: oauth.ClientAuth = (_server, { client_id }, body) => {
      body.set('client_id', client_id)
      body.set('client_assertion_type', jwtBearer)
      body.set('client_assertion', machine.token())
    }
    return asking(await discover(machine), workload)
  },
  { form: { client_id: clientId } },
)

test('oauth4webapi finds in the metadata how a machine may authenticate, and makes assertions for the issuer', async t => {
  const machine = await withAssertions(t)
  const server = await discover(machine)
  t.ok(server.token_endpoint_auth_methods_supported?.includes('private_key_jwt'))
  t.ok(server.token_endpoint_auth_signing_alg_values_supported?.includes('RS256'))
  await asking(server, oauth.PrivateKeyJwt({ key: machine.own.privateKey, kid: 'one' }))()
  const { header, claims } = lastAssertion(machine)
  t.same(header, { alg: 'RS256', kid: 'one' })
  t.match(claims, { iss: clientId, sub: clientId, aud: machine.issuer, exp: claims.iat + 60, jti: String })
})
