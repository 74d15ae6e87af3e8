/** POST /oauth/password-tickets/redeem */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ClientRequest } from '../../oauth/client-authentication/client-authentication.ts'
import type { OriginRules } from '../browser-origins.ts'
import { handleClientRequest, prepareClientForm } from '../client-request.ts'
import { clientErrors, errorResponse, invalidClientOfPage, nothing } from '../schemas.ts'

export interface TicketRouteOptions {
  readonly ticketEndpoint: (request: ClientRequest) => Promise<void>
  readonly origins: OriginRules
}

export function ticketRoute(app: FastifyInstance, { ticketEndpoint, origins }: TicketRouteOptions): void {
  const redeem = handleClientRequest(ticketEndpoint, origins)
  app.route({
    method: 'POST',
    url: '/oauth/password-tickets/redeem',
    schema: {
      operationId: 'redeemPasswordTicket',
      tags: ['OAuth'],
      summary: 'Set a password with a ticket',
      description:
        'For users who have forgotten theirs, or never had one. The client for which the ticket was made authenticates as at the token ' +
        'endpoint. Every session of the user ends, the API keys are revoked, all tickets are gone, and the wrong passwords that were ' +
        'counted are forgotten. A password that is refused costs no ticket.',
      security: [{ client: [] }, {}],
      consumes: ['application/x-www-form-urlencoded'],
      body: {
        type: 'object',
        required: ['ticket', 'new_password'],
        properties: {
          ticket: {
            type: 'string',
            format: 'password',
            minLength: 1,
            description: 'It works once.',
            examples: ['signet_pt_…'],
          },
          new_password: {
            type: 'string',
            format: 'password',
            minLength: 1,
            description: '15 to 256 characters, and not a common one.',
            examples: ['four words that nobody guesses'],
          },
          client_id: { type: 'string', examples: ['blog'] },
          client_secret: { type: 'string', format: 'password' },
        },
      },
      response: {
        204: nothing,
        400: errorResponse(
          '`invalid_grant`: the ticket is wrong, used, expired, for another client, or for a user who is disabled; ' +
            `\`invalid_request\`: a parameter is missing, or the password is refused; ${invalidClientOfPage}`,
        ),
        ...clientErrors,
      },
    },
    onRequest: prepareClientForm,
    handler: async (request: FastifyRequest, reply) => {
      await redeem(request)
      return reply.code(204).send()
    },
  })
}
