/** /admin/sessions: where users are signed in. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { SessionEndings } from '../../../accounts/session-endings.ts'
import type { SessionManagement } from '../../../oauth/sessions/session-management.ts'
import { describeSession, sessionSchema } from '../../../representations/session.ts'
import type { Administration } from '../../administration.ts'
import { notFound } from '../../error-handler.ts'
import { jsonBody } from '../../json-body.ts'
import { pageBody, pageOf, pageQuery, pageSchema, queryParameter } from '../../paging.ts'
import { expectationOf, sendResource } from '../../resource.ts'
import { json, nothing } from '../../schemas.ts'
import {
  ADMIN_BODY_LIMIT_BYTES as bodyLimit,
  adminConfig as config,
  errorsOf,
  ifMatch,
  notModified,
  ofAdministrator,
  pathOf,
} from './schemas.ts'

export interface SessionRoutesOptions {
  readonly administration: Administration
  readonly sessionManagement: SessionManagement
  readonly sessionEndings: SessionEndings
}

interface Whose {
  readonly user_id?: string
  readonly client_id?: string
}

const params = pathOf('id', 'The `sid` of its tokens.')
const user_id = {
  type: 'string',
  description: 'Those of this user.',
  examples: ['user_3f0c9a4be17d2c58a6b1e0f493d7c285'],
} as const
const client_id = { type: 'string', description: 'Those through this client.', examples: ['web-app'] } as const
const whoseSchema = { type: 'object', properties: { user_id, client_id }, additionalProperties: false } as const
const endedSchema = {
  type: 'object',
  required: ['ended'],
  properties: { ended: { type: 'integer', description: 'How many.', examples: [3] } },
} as const

const idOf = ({ params }: FastifyRequest): string => (params as { id: string }).id

export function sessionRoutes(app: FastifyInstance, options: SessionRoutesOptions): void {
  const { administration, sessionManagement, sessionEndings } = options
  const { mayRead, mayWrite } = administration
  const whose = jsonBody<Whose>(whoseSchema)

  app.route({
    method: 'GET',
    url: '/admin/sessions',
    config,
    schema: {
      ...ofAdministrator('listSessions', 'Where users are signed in', 'signet:sessions:read'),
      querystring: pageQuery({ user_id, client_id }),
      response: {
        200: json('The sessions that are alive, the one started last first', pageSchema('sessions', sessionSchema)),
        ...errorsOf.list,
      },
    },
    handler: async (request: FastifyRequest) => {
      await mayRead(request, 'signet:sessions:read')
      const page = pageOf(request)
      const asked = { userId: queryParameter(request, 'user_id'), clientId: queryParameter(request, 'client_id') }
      const filter = await sessionEndings.filterOf(asked)
      const found = filter === undefined ? [] : await sessionManagement.page(filter, page.after, page.limit + 1)
      return pageBody('sessions', page, found, describeSession, ({ id }) => id)
    },
  })

  app.route({
    method: 'GET',
    url: '/admin/sessions/:id',
    config,
    schema: {
      ...ofAdministrator('session', 'A session that is alive', 'signet:sessions:read'),
      params,
      response: { 200: json('The session', sessionSchema), ...notModified, ...errorsOf.read },
    },
    handler: async (request: FastifyRequest, reply) => {
      await mayRead(request, 'signet:sessions:read')
      const [session] = await sessionManagement.list({ sessionId: idOf(request) }, 1)
      if (session === undefined) throw notFound()
      return sendResource(request, reply, describeSession(session))
    },
  })

  app.route({
    method: 'DELETE',
    url: '/admin/sessions/:id',
    config,
    schema: {
      ...ofAdministrator('endSession', 'End a session', 'signet:sessions:write'),
      description:
        'It takes the permission `signet:sessions:write`. The session ends with its refresh token and its access tokens.',
      params,
      headers: ifMatch(),
      response: { 204: nothing, ...errorsOf.change },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:sessions:write')
      await sessionEndings.endOne(idOf(request), { ...by, expect: expectationOf(request, describeSession) })
      return reply.code(204).send()
    },
  })

  app.route({
    method: 'POST',
    url: '/admin/sessions/end',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('endSessions', 'End the sessions of a user, or through a client', 'signet:sessions:write'),
      description:
        'It takes the permission `signet:sessions:write`. Say `user_id`, `client_id`, or both: then it is those of the user through the ' +
        'client. What was given for API keys ends, too, and through a client what it got for itself; the keys stay as they are. It is ' +
        'answered when all have ended, and goes on when the connection is lost.',
      body: whoseSchema,
      response: { 200: json('How many ended', endedSchema), ...errorsOf.creation },
    },
    handler: async (request: FastifyRequest) => {
      const by = await mayWrite(request, 'signet:sessions:write')
      const { user_id: userId, client_id: clientId } = whose(request)
      return { ended: await sessionEndings.endAll({ userId, clientId }, by) }
    },
  })
}
