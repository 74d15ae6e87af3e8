/** @node-oauth/oauth2-server: the model is its store and its signer. It has no introspection. */
import { randomBytes } from 'node:crypto'
import OAuth2Server from '@node-oauth/oauth2-server'
import { serveLibrary } from './library-server.js'
import { openKey } from './signing.js'
import { openStore } from './store.js'

const schema = `
  CREATE TABLE IF NOT EXISTS clients (id TEXT PRIMARY KEY, grants TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS refresh_tokens (
    token TEXT PRIMARY KEY, client_id TEXT, user_id TEXT, scope TEXT, expires_at_ms INTEGER) WITHOUT ROWID;
`
const ACCESS_TOKEN_TTL_SECONDS = 600
const SCOPE = ['posts:read']

/** @see https://node-oauthoauth2-server.readthedocs.io/en/latest/model/spec.html */
function modelOf(store, signJwt, { port, audience }) {
  store.prepare('INSERT OR IGNORE INTO clients VALUES (?, ?)').run('bench', 'password refresh_token')
  const clientById = store.prepare('SELECT * FROM clients WHERE id = ?')
  const insert = store.prepare('INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, ?)')
  const remove = store.prepare('DELETE FROM refresh_tokens WHERE token = ?')
  const byToken = store.prepare('SELECT * FROM refresh_tokens WHERE token = ?')
  const issuer = `http://127.0.0.1:${port}`

  async function getClient(id) {
    const row = clientById.get(id)
    return row && { id, grants: row.grants.split(' ') }
  }

  return {
    getClient,
    getUser: (username, password) => store.userByPassword(username, password),
    validateScope: async () => SCOPE,
    generateAccessToken(client, user, scope) {
      const now = Math.floor(Date.now() / 1000)
      const about = { iss: issuer, aud: audience, sub: user.id, client_id: client.id, scope: scope.join(' ') }
      const jti = randomBytes(16).toString('base64url')
      return signJwt({ ...about, iat: now, exp: now + ACCESS_TOKEN_TTL_SECONDS, jti })
    },
    generateRefreshToken: async () => randomBytes(32).toString('base64url'),
    async saveToken(token, client, user) {
      const { refreshToken, refreshTokenExpiresAt, scope } = token
      store.change(insert, refreshToken, client.id, user.id, scope.join(' '), refreshTokenExpiresAt.getTime())
      await store.durable()
      return { ...token, client, user }
    },
    async getRefreshToken(refreshToken) {
      const row = byToken.get(refreshToken)
      if (row === undefined) return undefined
      return {
        refreshToken,
        refreshTokenExpiresAt: new Date(row.expires_at_ms),
        scope: row.scope.split(' '),
        client: await getClient(row.client_id),
        user: store.userById(row.user_id),
      }
    },
    /** Committed with the row of the new token, or before it. */
    revokeToken: async ({ refreshToken }) => store.change(remove, refreshToken) === 1,
    /** Access tokens are verified offline. */
    getAccessToken: async () => undefined,
  }
}

export async function serve(settings) {
  const store = openStore(settings, schema)
  const key = openKey(settings)
  const server = new OAuth2Server({
    model: modelOf(store, key.signJwt, settings),
    accessTokenLifetime: ACCESS_TOKEN_TTL_SECONDS,
    requireClientAuthentication: { password: false, refresh_token: false },
  })

  async function token({ headers, method, query, body }, reply) {
    const response = new OAuth2Server.Response()
    // The error is in the response, too.
    await server.token(new OAuth2Server.Request({ headers, method, query, body }), response).catch(() => {})
    return reply.code(response.status).headers(response.headers).send(response.body)
  }
  await serveLibrary(settings, { jwks: key.jwks, routes: { '/oauth/token': token } })
}
