/**
 * oidc-provider, with an adapter for SQLite, clients from its configuration, and a password grant, which it leaves to
 * `registerGrantType`. Its introspection refuses JWTs, so that one audience gets opaque access tokens.
 */
import Provider, { errors } from 'oidc-provider'
import { openKey } from './signing.js'
import { openStore } from './store.js'

const schema = `
  CREATE TABLE IF NOT EXISTS entities (
    model TEXT, id TEXT, grant_id TEXT, payload TEXT, expires_at INTEGER, consumed INTEGER,
    PRIMARY KEY (model, id)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entities_of_grant ON entities (grant_id) WHERE grant_id IS NOT NULL;
`
const SCOPE = 'posts:read'
const nowSeconds = () => Math.floor(Date.now() / 1000)

/** @see https://github.com/panva/node-oidc-provider/blob/main/example/my_adapter.js */
function adapterFor(store) {
  const byId = store.prepare('SELECT payload, consumed, expires_at FROM entities WHERE model = ? AND id = ?')
  const upsert = store.prepare('INSERT OR REPLACE INTO entities VALUES (?, ?, ?, ?, ?, NULL)')
  const consume = store.prepare('UPDATE entities SET consumed = ? WHERE model = ? AND id = ?')
  const remove = store.prepare('DELETE FROM entities WHERE model = ? AND id = ?')
  const removeOfGrant = store.prepare('DELETE FROM entities WHERE model = ? AND grant_id = ?')

  return model => ({
    async find(id) {
      const row = byId.get(model, id)
      if (row === undefined || row.expires_at < nowSeconds()) return undefined
      const payload = JSON.parse(row.payload)
      if (row.consumed !== null) payload.consumed = row.consumed
      return payload
    },
    async upsert(id, payload, expiresIn) {
      store.change(upsert, model, id, payload.grantId ?? null, JSON.stringify(payload), nowSeconds() + expiresIn)
      await store.durable()
    },
    /** Committed with the refresh token that is saved next, or before it. */
    async consume(id) {
      store.change(consume, nowSeconds(), model, id)
    },
    async destroy(id) {
      store.change(remove, model, id)
      await store.durable()
    },
    async revokeByGrantId(grantId) {
      store.change(removeOfGrant, model, grantId)
      await store.durable()
    },
  })
}

const passwordGrant = (store, resourceServerOf, defaultAudience) => async ctx => {
  const { client, params, provider } = ctx.oidc
  const user = await store.userByPassword(params.username, params.password)
  if (user === undefined) throw new errors.InvalidGrant('wrong username or password')

  const resource = params.resource ?? defaultAudience
  const grant = new provider.Grant({ accountId: user.id, clientId: client.clientId })
  grant.addResourceScope(resource, SCOPE)
  const about = { accountId: user.id, client, gty: 'password', scope: SCOPE, expiresWithSession: false }
  const saved = grant.save()
  // Its id is drawn before it is written: the tokens are written in the same turn.
  const ofGrant = { ...about, grantId: grant.jti }
  const accessToken = new provider.AccessToken(ofGrant)
  accessToken.resourceServer = new provider.ResourceServer(resource, resourceServerOf(resource))
  const refreshToken = new provider.RefreshToken({ ...ofGrant, resource, rotations: 0 })
  const [access_token, refresh_token] = await Promise.all([accessToken.save(), refreshToken.save(), saved])
  ctx.body = { access_token, refresh_token, token_type: 'Bearer', expires_in: accessToken.expiration, scope: SCOPE }
}

export async function serve(settings) {
  const { port, audience, opaqueAudience, resourceSecret } = settings
  const store = openStore(settings, schema)
  const key = openKey(settings)
  const resourceServerOf = resource => ({
    scope: SCOPE,
    audience: resource,
    accessTokenFormat: resource === opaqueAudience ? 'opaque' : 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  })
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    adapter: adapterFor(store),
    clients: [
      {
        client_id: 'bench',
        token_endpoint_auth_method: 'none',
        grant_types: ['password', 'refresh_token'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'resource',
        client_secret: resourceSecret,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: [],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [key.privateJwk] },
    routes: { token: '/oauth/token', introspection: '/oauth/introspect', jwks: '/.well-known/jwks.json' },
    ttl: { AccessToken: 600, RefreshToken: 14 * 86_400, Grant: 90 * 86_400 },
    rotateRefreshToken: true,
    findAccount: async (_ctx, id) => store.userById(id) && { accountId: id, claims: async () => ({ sub: id }) },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: async (_ctx, client) => client.clientId === 'resource' },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_ctx, resource) => resourceServerOf(resource),
        useGrantedResource: async () => true,
      },
    },
  })
  const grant = passwordGrant(store, resourceServerOf, audience)
  provider.registerGrantType('password', grant, ['username', 'password', 'resource'])
  provider.listen(port, '127.0.0.1')
}
