/** The public port. */
import type { FastifyInstance } from 'fastify'
import type { Standings } from '../accounts/authority.ts'
import type { PublishedKeys } from '../keys/key-ring.ts'
import type { FindLiveAccessToken } from '../oauth/access-token-verification.ts'
import { type Metadata, openidConfigurationOf } from '../oauth/metadata.ts'
import type { StatusListPublisher } from '../oauth/status-list/publisher.ts'
import { createAdministration } from './administration.ts'
import { type BaseAppOptions, createBaseApp } from './base-app.ts'
import { createBearerAuthentication, forUsers } from './bearer.ts'
import { applyOriginRules } from './browser-origins.ts'
import { registerFormParameters } from './form-parameters.ts'
import { answerOtherMethods } from './method-not-allowed.ts'
import { type AdminRoutesOptions, adminRoutes } from './routes/admin/routes.ts'
import { type Readiness, servingRoute } from './routes/health.ts'
import { type MeRoutesOptions, meRoutes } from './routes/me.ts'
import { type TicketRouteOptions, ticketRoute } from './routes/password-tickets.ts'
import { introspectionRoute, type RevocationRouteOptions, revocationRoute } from './routes/revocation.ts'
import { statusListRoutes } from './routes/status-lists.ts'
import { type TokenRouteOptions, tokenRoute } from './routes/token.ts'
import { publicWelcomeRoute } from './routes/welcome.ts'
import { jwksRoute, metadataRoute, openidConfigurationRoute } from './routes/well-known.ts'

export interface PublicRoutesOptions
  extends TokenRouteOptions,
    RevocationRouteOptions,
    TicketRouteOptions,
    Omit<MeRoutesOptions, 'authenticateUser'>,
    Omit<AdminRoutesOptions, 'administration'> {
  /** What those who ask at /admin have at the moment. */
  readonly standings: Standings
  readonly metadata: Metadata
  readonly publishedKeys: () => PublishedKeys
  /** Seconds for which a copy of the JWKS may be used. */
  readonly jwksMaxAge: () => number
  readonly findLiveAccessToken: FindLiveAccessToken
  readonly statusLists: StatusListPublisher
  readonly isServing: Readiness['isServing']
}

/**
 * Every endpoint lies under the issuer's path; RFC 8414 §3.1 puts one well-known document in front of that path. A balancer that asks
 * this process knows nothing of paths, one behind a proxy may know nothing else: the health is at both.
 */
export async function addPublicRoutes(app: FastifyInstance, options: PublicRoutesOptions): Promise<void> {
  const { metadata, publishedKeys } = options
  const authenticate = createBearerAuthentication({ ...options, issuer: metadata.issuer })
  const authenticateUser = forUsers(authenticate)
  const administration = createAdministration({ ...options, authenticate })
  const { origin, pathname } = new URL(metadata.issuer)
  const path = pathname.replace(/\/$/, '')
  const metadataPath = `/.well-known/oauth-authorization-server${path}`
  await app.register(
    async scope => {
      tokenRoute(scope, options)
      revocationRoute(scope, options)
      introspectionRoute(scope, options)
      ticketRoute(scope, options)
      statusListRoutes(scope, options.statusLists)
      await scope.register(async own => meRoutes(own, { ...options, authenticateUser }))
      await scope.register(async own => adminRoutes(own, { ...options, administration }))
      jwksRoute(scope, publishedKeys, options.jwksMaxAge)
      openidConfigurationRoute(scope, openidConfigurationOf(metadata))
      servingRoute(scope, options.isServing)
    },
    { prefix: path },
  )
  if (path !== '') servingRoute(app, options.isServing)
  metadataRoute(app, metadataPath, metadata)
  for (const url of path === '' ? ['/'] : [path, `${path}/`]) {
    // The path may be that of a route at the root, such as /healthz.
    if (!app.hasRoute({ method: 'GET', url })) publicWelcomeRoute(app, url, metadata, origin + metadataPath)
  }
}

export async function createPublicApp(options: BaseAppOptions & PublicRoutesOptions): Promise<FastifyInstance> {
  const app = createBaseApp(options)
  applyOriginRules(app, options.origins)
  registerFormParameters(app)
  const addOtherMethods = answerOtherMethods(app)
  await addPublicRoutes(app, options)
  addOtherMethods()
  return app
}
