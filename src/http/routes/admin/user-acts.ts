/** What is done to a user at /admin/users/{user_id} beside what the user is. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { describeUser } from '../../../representations/user.ts'
import { jsonBody } from '../../json-body.ts'
import { expectationOf } from '../../resource.ts'
import { nothing } from '../../schemas.ts'
import {
  ADMIN_BODY_LIMIT_BYTES as bodyLimit,
  adminConfig as config,
  errorsOf,
  ifMatch,
  ofAdministrator,
} from './schemas.ts'
import { passwordSchema, type UserRoutesOptions, userNamed, userPath } from './users.ts'

const passwordBodySchema = {
  type: 'object',
  required: ['password'],
  properties: { password: passwordSchema },
  additionalProperties: false,
} as const

export function userActRoutes(app: FastifyInstance, { administration, users }: UserRoutesOptions): void {
  const { mayWrite } = administration
  const newPassword = jsonBody<{ readonly password: string }>(passwordBodySchema)

  app.route({
    method: 'POST',
    url: '/admin/users/:user_id/set-password',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('setPassword', 'Set a new password', 'signet:users:write'),
      description:
        'It takes the permission `signet:users:write`. The sessions of the user end, the API keys are revoked, and password tickets are good for nothing.',
      params: userPath,
      headers: ifMatch(),
      body: passwordBodySchema,
      response: { 204: nothing, ...errorsOf.change },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:users:write')
      const { password } = newPassword(request)
      const expect = expectationOf(request, describeUser)
      await users.setPassword(userNamed(request), password, { ...by, expect })
      return reply.code(204).send()
    },
  })

  app.route({
    method: 'POST',
    url: '/admin/users/:user_id/unlock',
    config,
    schema: {
      ...ofAdministrator('unlockUser', 'Forget the wrong passwords that were counted for a user', 'signet:users:write'),
      params: userPath,
      headers: ifMatch(),
      response: { 204: nothing, ...errorsOf.change },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:users:write')
      await users.unlock(userNamed(request), { ...by, expect: expectationOf(request, describeUser) })
      return reply.code(204).send()
    },
  })
}
