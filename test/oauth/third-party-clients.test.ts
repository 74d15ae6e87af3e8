import * as oauth from 'oauth4webapi'
import t from 'tap'
import { addClient } from '../support/clients.ts'
import { addAlice, api, freePort, password, secret, serve } from '../support/serve.ts'

const insecure = { [oauth.allowInsecureRequests]: true }

const authentications: Readonly<Record<string, readonly [oauth.Client, oauth.ClientAuth]>> = {
  client_secret_basic: [{ client_id: 'web-app' }, oauth.ClientSecretBasic(secret)],
  client_secret_post: [{ client_id: 'web-app' }, oauth.ClientSecretPost(secret)],
  none: [{ client_id: 'spa' }, oauth.None()],
}

/** What a resource service does with the token that a request brings. */
function validate(server: oauth.AuthorizationServer, accessToken: string, audience: string) {
  const request = new Request(`${api}/posts`, { headers: { authorization: `Bearer ${accessToken}` } })
  return oauth.validateJwtAccessToken(server, request, audience, insecure)
}

for (const path of ['', '/auth/eu']) {
  t.test(`oauth4webapi, unmodified, with the issuer ${path === '' ? 'at the root' : `at ${path}`}`, async t => {
    const port = await freePort()
    const issuer = `http://127.0.0.1:${port}${path}`
    const service = await serve(t, {
      environment: { SIGNET_PORT: String(port), SIGNET_ISSUER: issuer },
    })
    const alice = await addAlice(service)
    await addClient(service, { clientId: 'resource', grants: [], scope: [], audiences: [], introspect: [api] })
    const discover = async (algorithm: 'oauth2' | 'oidc') => {
      const response = await oauth.discoveryRequest(new URL(issuer), { algorithm, ...insecure })
      return oauth.processDiscoveryResponse(new URL(issuer), response)
    }
    const server = await discover('oauth2')
    t.match(await discover('oidc'), server, 'under both well-known names')

    const signInBy = async (client: oauth.Client, authentication: oauth.ClientAuth) => {
      const parameters = { username: 'alice', password, scope: 'posts:read', resource: api }
      const response = oauth.genericTokenEndpointRequest(
        server,
        client,
        authentication,
        'password',
        parameters,
        insecure,
      )
      return oauth.processGenericTokenEndpointResponse(server, client, await response)
    }
    const introspectBy = async (authentication: oauth.ClientAuth, token: string) => {
      const client = { client_id: 'resource' }
      const response = await oauth.introspectionRequest(server, client, authentication, token, insecure)
      return oauth.processIntrospectionResponse(server, client, response)
    }

    for (const [method, [client, authentication]] of Object.entries(authentications)) {
      await t.test(`signs in and refreshes by ${method}, and validates the tokens`, async t => {
        const signIn = await signInBy(client, authentication)
        const refreshed = await oauth.processRefreshTokenResponse(
          server,
          client,
          await oauth.refreshTokenGrantRequest(server, client, authentication, signIn.refresh_token ?? '', insecure),
        )
        t.not(refreshed.refresh_token, signIn.refresh_token)
        for (const { access_token, token_type, expires_in, scope } of [signIn, refreshed]) {
          t.same([token_type, expires_in, scope], ['bearer', 600, 'posts:read'])
          const claims = await validate(server, access_token, api)
          t.match(claims, { iss: issuer, sub: alice.userId, client_id: client.client_id, scope: 'posts:read' })
          await t.rejects(validate(server, access_token, 'https://other.example.com'))
        }
      })
    }

    for (const [method, [client, authentication]] of Object.entries(authentications)) {
      await t.test(`revokes either token by ${method}, which introspection then calls inactive`, async t => {
        const introspector = oauth.ClientSecretBasic(secret)
        for (const which of ['access_token', 'refresh_token'] as const) {
          const tokens = await signInBy(client, authentication)
          const { access_token } = tokens
          t.match(await introspectBy(introspector, access_token), { active: true, sub: alice.userId, aud: api })
          const response = await oauth.revocationRequest(server, client, authentication, tokens[which] ?? '', {
            additionalParameters: { token_type_hint: which },
            ...insecure,
          })
          t.equal(await oauth.processRevocationResponse(response), undefined)
          t.same(await introspectBy(introspector, access_token), { active: false }, which)
        }
      })
    }

    await t.test('introspects by the methods that the metadata name, and by no other', async t => {
      const { access_token } = await signInBy({ client_id: 'spa' }, oauth.None())
      const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'spiffe_jwt']
      t.same(server.introspection_endpoint_auth_methods_supported, methods)
      for (const authentication of [oauth.ClientSecretBasic(secret), oauth.ClientSecretPost(secret)])
        t.match(await introspectBy(authentication, access_token), { active: true, iss: issuer, client_id: 'spa' })
      await t.rejects(introspectBy(oauth.None(), access_token), { name: 'WWWAuthenticateChallengeError', status: 401 })
    })

    await t.test('understands the errors', async t => {
      const client = { client_id: 'web-app' }
      const attempt = async (authentication: oauth.ClientAuth, parameters: Record<string, string>) =>
        oauth.processGenericTokenEndpointResponse(
          server,
          client,
          await oauth.genericTokenEndpointRequest(server, client, authentication, 'password', parameters, insecure),
        )
      const wrongPassword = attempt(oauth.ClientSecretBasic(secret), { username: 'alice', password: 'wrong' })
      await t.rejects(wrongPassword, { name: 'ResponseBodyError', status: 400, error: 'invalid_grant' })
      const wrongSecret = attempt(oauth.ClientSecretBasic('wrong'), { username: 'alice', password })
      await t.rejects(wrongSecret, {
        name: 'WWWAuthenticateChallengeError',
        status: 401,
        cause: [{ scheme: 'basic', parameters: { realm: 'signet' } }],
      })
    })
  })
}
