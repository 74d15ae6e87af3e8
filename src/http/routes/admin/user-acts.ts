/** What is done to a user at /admin/users/{user_id} beside what the user is. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { PasswordTickets } from '../../../accounts/password-tickets.ts'
import { describePasswordTicket, passwordTicketSchema } from '../../../representations/password-ticket.ts'
import { describeUser } from '../../../representations/user.ts'
import { jsonBody } from '../../json-body.ts'
import { expectationOf } from '../../resource.ts'
import { json, nothing, tooMany } from '../../schemas.ts'
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

const ticketBodySchema = {
  type: 'object',
  required: ['client_id'],
  properties: {
    client_id: { type: 'string', description: 'The client through which it can be redeemed.', examples: ['web-app'] },
  },
  additionalProperties: false,
} as const

export interface UserActRoutesOptions extends UserRoutesOptions {
  readonly passwordTickets: PasswordTickets
}

export function userActRoutes(app: FastifyInstance, options: UserActRoutesOptions): void {
  const { administration, users, passwordTickets } = options
  const { mayWrite } = administration
  const newPassword = jsonBody<{ readonly password: string }>(passwordBodySchema)
  const newTicket = jsonBody<{ readonly client_id: string }>(ticketBodySchema)

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

  app.route({
    method: 'POST',
    url: '/admin/users/:user_id/password-tickets',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('createPasswordTicket', 'Make a password ticket', 'signet:users:write'),
      description:
        'It takes the permission `signet:users:write`. With the ticket the user sets a password at `/oauth/password-tickets/redeem`, once, ' +
        'within 30 minutes.',
      params: userPath,
      headers: ifMatch(),
      body: ticketBodySchema,
      response: {
        201: json('The ticket', passwordTicketSchema),
        ...errorsOf.change,
        429: tooMany('the user has three that work'),
      },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:users:write')
      const { client_id } = newTicket(request)
      const expect = expectationOf(request, describeUser)
      const { ticket, text, clientId } = await passwordTickets.create(userNamed(request), client_id, { ...by, expect })
      return reply.code(201).send(describePasswordTicket(ticket, text, clientId))
    },
  })
}
