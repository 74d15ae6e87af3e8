/**
 * Spring Security discovers the service from its issuer-uri, as a client and as a resource server. SPRING_CLIENT names the program of
 * spring-client/.
 */
import { type Test, test } from 'tap'
import { api, claimsOf } from '../support/serve.ts'
import { startLines } from './lines.ts'
import { clientId, metrics, secret, withMachine } from './machines.ts'

interface Answered {
  readonly token_endpoint?: string
  readonly jwks_uri?: string
  readonly access_token?: string
  readonly scopes?: readonly string[]
  readonly sub?: string
  readonly aud?: readonly string[]
  /** What is shown, with its causes. */
  readonly error?: string
}

const asked = { token: 'metrics:read', id: clientId, secret }

/** A machine, and a process in which Spring's code runs. */
async function withSpring(t: Test) {
  const machine = await withMachine(t)
  const ask = startLines<Answered>(t, process.env['SPRING_CLIENT'] ?? 'spring-client', [machine.service.issuer])
  return { machine, ask: (line: object) => ask(JSON.stringify(line)) }
}

test('the SDK of Nimbus reads the metadata of a provider of OpenID Connect', async t => {
  const { machine, ask } = await withSpring(t)
  const { issuer } = machine.service
  t.same(await ask({ discover: 'provider' }), {
    token_endpoint: `${issuer}/oauth/token`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
  })
})

test('a client with an issuer-uri gets a token that a resource server with an issuer-uri accepts', async t => {
  const { machine, ask } = await withSpring(t)
  const { access_token: token = '', scopes } = await ask(asked)
  t.same(scopes, ['metrics:read'])
  t.same(claimsOf(token).iss, machine.service.issuer)
  const accepted = { sub: machine.subject, aud: [api], client_id: clientId, scope: 'metrics:read' }
  t.same(await ask({ decode: token, audience: api }), accepted)
  t.match((await ask({ decode: token, audience: metrics })).error, /The aud claim is not valid/)
  const [head, , signature] = token.split('.')
  const forged = Buffer.from(JSON.stringify({ ...claimsOf(token), scope: 'metrics:write' })).toString('base64url')
  t.match((await ask({ decode: `${head}.${forged}.${signature}`, audience: api })).error, /Invalid signature/)
})

test('a decoder with the validators that it has by itself wants another type of token', async t => {
  const { ask } = await withSpring(t)
  const { access_token: token } = await ask(asked)
  t.match((await ask({ decode: token })).error, /the given typ value needs to be one of \[JWT\]/)
})

test('a client that is disabled is refused, and told why', async t => {
  const { machine, ask } = await withSpring(t)
  await machine.disable()
  t.match((await ask(asked)).error, /401 Unauthorized .*"error":"invalid_client"/)
})
