/** /admin: what operators, applications' backends and support do over HTTP, with a token whose audience is the issuer. */
import type { FastifyInstance } from 'fastify'
import { registerJsonBodies } from '../../json-body.ts'
import { type ApiKeyRoutesOptions, apiKeyRoutes } from './api-keys.ts'
import { type AuditRoutesOptions, auditRoutes } from './audit.ts'
import { clientSecretRoutes } from './client-secrets.ts'
import { type ClientRoutesOptions, clientRoutes } from './clients.ts'
import { type IssuerRoutesOptions, issuerRoutes } from './issuers.ts'
import { type KeyRoutesOptions, keyRoutes } from './keys.ts'
import { type RoleRoutesOptions, roleRoutes } from './roles.ts'
import { type SessionRoutesOptions, sessionRoutes } from './sessions.ts'
import { type UserActRoutesOptions, userActRoutes } from './user-acts.ts'
import { userRoutes } from './users.ts'

export type AdminRoutesOptions = ApiKeyRoutesOptions &
  AuditRoutesOptions &
  ClientRoutesOptions &
  IssuerRoutesOptions &
  KeyRoutesOptions &
  RoleRoutesOptions &
  SessionRoutesOptions &
  UserActRoutesOptions

export function adminRoutes(app: FastifyInstance, options: AdminRoutesOptions): void {
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  registerJsonBodies(app)
  userRoutes(app, options)
  userActRoutes(app, options)
  roleRoutes(app, options)
  clientRoutes(app, options)
  clientSecretRoutes(app, options)
  apiKeyRoutes(app, options)
  sessionRoutes(app, options)
  keyRoutes(app, options)
  issuerRoutes(app, options)
  auditRoutes(app, options)
}
