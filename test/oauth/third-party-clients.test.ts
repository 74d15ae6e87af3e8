import * as oauth from 'oauth4webapi'
import t from 'tap'
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
    const service = await serve(t, { environment: { SIGNET_PORT: String(port), SIGNET_ISSUER: issuer } })
    const alice = await addAlice(service)
    const discover = async (algorithm: 'oauth2' | 'oidc') => {
      const response = await oauth.discoveryRequest(new URL(issuer), { algorithm, ...insecure })
      return oauth.processDiscoveryResponse(new URL(issuer), response)
    }
    const server = await discover('oauth2')
    t.same(await discover('oidc'), server, 'the same under both well-known names')

    for (const [method, [client, authentication]] of Object.entries(authentications)) {
      await t.test(`signs in and refreshes by ${method}, and validates the tokens`, async t => {
        const signIn = await oauth.processGenericTokenEndpointResponse(
          server,
          client,
          await oauth.genericTokenEndpointRequest(
            server,
            client,
            authentication,
            'password',
            { username: 'alice', password, scope: 'posts:read', resource: api },
            insecure,
          ),
        )
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
