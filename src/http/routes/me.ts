/** /me: what signed-in users see of themselves and do themselves. It needs an access token whose audience is the issuer. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Users } from '../../accounts/users.ts'
import { needed } from '../../oauth/form.ts'
import { invalidRequest } from '../../oauth/oauth-error.ts'
import type { SessionManagement } from '../../oauth/sessions/session-management.ts'
import { describeOwnSession, ownSessionSchema } from '../../representations/session.ts'
import { describeSelf, selfSchema } from '../../representations/user.ts'
import { notFound } from '../error-handler.ts'
import { formOf } from '../form-parameters.ts'
import { refuseQuery } from '../form-query.ts'
import { provenanceOf } from '../provenance.ts'
import { bearerErrors, errorResponse, fieldErrors, json, nothing, ofUser, tooMany } from '../schemas.ts'
import { type MyApiKeysOptions, myApiKeysRoutes } from './my-api-keys.ts'

export interface MeRoutesOptions extends MyApiKeysOptions {
  readonly users: Users
  readonly sessionManagement: SessionManagement
}

const REASON = 'signed_out'

/** Whether all sessions are to end, this one with them. */
function readAll(request: FastifyRequest): boolean {
  const { all } = request.query as { all?: unknown }
  if (all === undefined || all === '' || all === 'false') return false
  if (all === 'true') return true
  throw invalidRequest('The parameter all is true or false.')
}

export function meRoutes(app: FastifyInstance, options: MeRoutesOptions): void {
  const { authenticateUser, users, sessionManagement } = options
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))

  myApiKeysRoutes(app, options)

  app.route({
    method: 'GET',
    url: '/me',
    schema: {
      ...ofUser('me', 'Who is signed in'),
      response: { 200: json('The user', selfSchema), ...bearerErrors },
    },
    handler: async (request: FastifyRequest) => {
      const { session } = await authenticateUser(request)
      return describeSelf(await users.find({ userId: session.subjectId }), session.id)
    },
  })

  app.route({
    method: 'GET',
    url: '/me/sessions',
    schema: {
      ...ofUser('mySessions', 'Where the user is signed in'),
      description: 'Without the sign-ins that got no refresh token: they are over with their access token.',
      response: { 200: json('The sessions, the one used last first', sessionsSchema), ...bearerErrors },
    },
    handler: async (request: FastifyRequest) => {
      const { session } = await authenticateUser(request)
      const sessions = await sessionManagement.list({ subjectId: session.subjectId, refreshableOnly: true })
      return { sessions: sessions.map(each => describeOwnSession(each, session.id)) }
    },
  })

  app.route({
    method: 'DELETE',
    url: '/me/sessions/:id',
    schema: {
      ...ofUser('signOutSession', 'Sign one device out'),
      description: 'The session ends with its refresh token and its access tokens.',
      params: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
      response: { 204: nothing, ...bearerErrors, 404: errorResponse('`not_found`: no such session of this user') },
    },
    handler: async (request: FastifyRequest, reply) => {
      const { session } = await authenticateUser(request)
      const { id: sessionId } = request.params as { id: string }
      const which = { sessionId, subjectId: session.subjectId }
      const ended = await sessionManagement.end(which, REASON, provenanceOf(request, 'user'))
      if (ended === 0) throw notFound()
      return reply.code(204).send()
    },
  })

  app.route({
    method: 'DELETE',
    url: '/me/sessions',
    schema: {
      ...ofUser('signOutOthers', 'Sign every other device out, or all of them'),
      querystring: {
        type: 'object',
        properties: { all: { type: 'boolean', description: 'true: this session ends, too.' } },
      },
      response: { 204: nothing, ...bearerErrors },
    },
    handler: async (request: FastifyRequest, reply) => {
      const { session } = await authenticateUser(request)
      const { subjectId, id } = session
      const which = { subjectId, signInsOnly: true, ...(readAll(request) ? {} : { exceptSessionId: id }) }
      await sessionManagement.end(which, REASON, provenanceOf(request, 'user'))
      return reply.code(204).send()
    },
  })

  app.route({
    method: 'POST',
    url: '/me/password',
    config: { tellsFields: { password: 'new_password' } },
    schema: {
      ...ofUser('changePassword', 'Change the password'),
      description: 'It needs the current password. Every other session of the user ends.',
      consumes: ['application/x-www-form-urlencoded'],
      body: {
        type: 'object',
        required: ['current_password', 'new_password'],
        properties: {
          current_password: {
            type: 'string',
            format: 'password',
            minLength: 1,
            examples: ['correct horse battery staple 9'],
          },
          new_password: {
            type: 'string',
            format: 'password',
            minLength: 1,
            description: '15 to 256 characters, and not a common one.',
            examples: ['four words that nobody guesses'],
          },
        },
      },
      response: {
        204: nothing,
        ...bearerErrors,
        400: errorResponse('`invalid_grant`: the current password is wrong; `invalid_request`: a parameter is missing'),
        413: errorResponse('`invalid_request`: the body is larger than 16 KiB'),
        415: errorResponse('`invalid_request`: not a form in UTF-8'),
        422: fieldErrors('`invalid_request`, with `errors`: the new password is refused, and why'),
        429: tooMany('too many wrong passwords'),
      },
    },
    onRequest: async request => refuseQuery(request),
    handler: async (request: FastifyRequest, reply) => {
      const { session } = await authenticateUser(request)
      const { current_password: currentPassword, new_password: newPassword } = needed(
        formOf(request),
        'current_password',
        'new_password',
      )
      const change = { userId: session.subjectId, sessionId: session.id, currentPassword, newPassword }
      await users.changePassword(change, provenanceOf(request, 'user'))
      return reply.code(204).send()
    },
  })
}

const sessionsSchema = {
  type: 'object',
  required: ['sessions'],
  properties: { sessions: { type: 'array', items: ownSessionSchema } },
} as const
