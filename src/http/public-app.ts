/** The public port. */
import type { FastifyInstance } from 'fastify'
import type { PublishedKeys } from '../keys/key-ring.ts'
import type { Metadata } from '../oauth/metadata.ts'
import { type BaseAppOptions, createBaseApp } from './base-app.ts'
import { applyOriginRules } from './browser-origins.ts'
import { registerFormParameters } from './form-parameters.ts'
import { answerOtherMethods } from './method-not-allowed.ts'
import { type TokenRouteOptions, tokenRoute } from './routes/token.ts'
import { jwksRoute, metadataRoute } from './routes/well-known.ts'

export interface PublicRoutesOptions extends TokenRouteOptions {
  readonly metadata: Metadata
  readonly publishedKeys: () => PublishedKeys
}

/** Every endpoint lies under the issuer's path; RFC 8414 §3.1 puts one well-known document in front of that path. */
export async function addPublicRoutes(app: FastifyInstance, options: PublicRoutesOptions): Promise<void> {
  const { metadata, publishedKeys } = options
  const path = new URL(metadata.issuer).pathname.replace(/\/$/, '')
  await app.register(
    async scope => {
      tokenRoute(scope, options)
      jwksRoute(scope, publishedKeys)
      metadataRoute(scope, '/.well-known/openid-configuration', 'openidConfiguration', metadata)
    },
    { prefix: path },
  )
  metadataRoute(app, `/.well-known/oauth-authorization-server${path}`, 'authorizationServerMetadata', metadata)
}

export async function createPublicApp(options: BaseAppOptions & PublicRoutesOptions): Promise<FastifyInstance> {
  const app = createBaseApp(options)
  applyOriginRules(app, options.origins)
  await registerFormParameters(app)
  const addOtherMethods = answerOtherMethods(app)
  await addPublicRoutes(app, options)
  addOtherMethods()
  return app
}
