/**
 * @jmondi/oauth2-server with its adapter for Fastify. Opaque refresh tokens, which its documentation offers beside JWTs, spare it a
 * second signature and a verification; access tokens are signed through its JwtInterface.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { AuthorizationServer, DateInterval, JwtService } from '@jmondi/oauth2-server'
import { handleFastifyError, handleFastifyReply, requestFromFastify } from '@jmondi/oauth2-server/fastify'
import { serveLibrary } from './library-server.js'
import { openKey } from './signing.js'
import { openStore } from './store.js'

const schema = `
  CREATE TABLE IF NOT EXISTS clients (id TEXT PRIMARY KEY, secret TEXT, grants TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (
    access_token TEXT PRIMARY KEY, refresh_token TEXT UNIQUE, client_id TEXT, user_id TEXT, scope TEXT,
    access_expires_at_ms INTEGER, refresh_expires_at_ms INTEGER) WITHOUT ROWID;
`
const REFRESH_TOKEN_TTL_MS = 14 * 86_400_000

const scopesOf = names => names.filter(name => name !== '').map(name => ({ name }))

function clientRepository(store, resourceSecret) {
  const insert = store.prepare('INSERT OR IGNORE INTO clients VALUES (?, ?, ?)')
  insert.run('bench', null, 'password refresh_token')
  insert.run('resource', resourceSecret, 'client_credentials')
  const byId = store.prepare('SELECT * FROM clients WHERE id = ?')

  async function getByIdentifier(id) {
    const row = byId.get(id)
    if (row === undefined) return undefined
    return { id, name: id, secret: row.secret, redirectUris: [], allowedGrants: row.grants.split(' '), scopes: [] }
  }
  async function isClientValid(grantType, client, secret) {
    const isItsSecret =
      client.secret === null ||
      (client.secret.length === secret?.length && timingSafeEqual(Buffer.from(client.secret), Buffer.from(secret)))
    return isItsSecret && client.allowedGrants.includes(grantType)
  }
  return { getByIdentifier, isClientValid }
}

function tokenRepository(store, clients) {
  const insert = store.prepare('INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)')
  const expire = store.prepare(
    'UPDATE tokens SET access_expires_at_ms = 0, refresh_expires_at_ms = 0 WHERE access_token = ?',
  )
  const byRefreshToken = store.prepare('SELECT * FROM tokens WHERE refresh_token = ?')
  const byAccessToken = store.prepare('SELECT * FROM tokens WHERE access_token = ?')

  async function tokenOf(row) {
    if (row === undefined) throw new Error('unknown token')
    return {
      accessToken: row.access_token,
      accessTokenExpiresAt: new Date(row.access_expires_at_ms),
      refreshToken: row.refresh_token,
      refreshTokenExpiresAt: new Date(row.refresh_expires_at_ms),
      client: await clients.getByIdentifier(row.client_id),
      user: store.userById(row.user_id),
      scopes: scopesOf(row.scope.split(' ')),
    }
  }

  return {
    async issueToken(client, scopes, user) {
      return { accessToken: randomBytes(32).toString('base64url'), client, user, scopes }
    },
    /** Always followed by `issueRefreshToken`, which writes the row with both of its tokens. */
    async persist() {},
    async issueRefreshToken(token) {
      token.refreshToken = randomBytes(32).toString('base64url')
      token.refreshTokenExpiresAt = new Date(Date.now() + REFRESH_TOKEN_TTL_MS)
      const { accessToken, refreshToken, client, user, scopes } = token
      const expiries = [token.accessTokenExpiresAt.getTime(), token.refreshTokenExpiresAt.getTime()]
      const scope = scopes.map(({ name }) => name).join(' ')
      store.change(insert, accessToken, refreshToken, client.id, user.id, scope, ...expiries)
      await store.durable()
      return token
    },
    /** Committed with the row of the new token, or before it. */
    async revoke({ accessToken }) {
      store.change(expire, accessToken)
    },
    async isRefreshTokenRevoked({ refreshTokenExpiresAt }) {
      return refreshTokenExpiresAt.getTime() <= Date.now()
    },
    getByRefreshToken: async token => tokenOf(byRefreshToken.get(token)),
    getByAccessToken: async token => tokenOf(byAccessToken.get(token)),
  }
}

/** Its own verification, and a signature in the thread pool. */
class Rs256Service extends JwtService {
  constructor({ publicKey, signJwt }, audience) {
    super(publicKey)
    this.sign = signJwt
    this.extraTokenFields = () => ({ aud: audience })
  }
}

export async function serve(settings) {
  const store = openStore(settings, schema)
  const key = openKey(settings)
  const clients = clientRepository(store, settings.resourceSecret)
  const scopeRepository = {
    getAllByIdentifiers: async names => scopesOf(names),
    finalize: async () => scopesOf(['posts:read']),
  }
  const server = new AuthorizationServer(
    clients,
    tokenRepository(store, clients),
    scopeRepository,
    new Rs256Service(key, settings.audience),
    { issuer: `http://127.0.0.1:${settings.port}`, useOpaqueRefreshTokens: true },
  )
  const lifetime = new DateInterval('10m')
  const userRepository = { getUserByCredentials: (name, password) => store.userByPassword(name, password) }
  server.enableGrantTypes([{ grant: 'password', userRepository }, lifetime], ['refresh_token', lifetime])

  const answer = respond => async (request, reply) => {
    try {
      handleFastifyReply(reply, await respond(requestFromFastify(request)))
    } catch (error) {
      handleFastifyError(error, reply)
    }
    return reply
  }
  await serveLibrary(settings, {
    jwks: key.jwks,
    routes: {
      '/oauth/token': answer(request => server.respondToAccessTokenRequest(request)),
      '/oauth/introspect': answer(request => server.introspect(request)),
    },
  })
}
