/** /admin/clients/{client_id}/secrets: one is added beside the others, and they are exchanged without an interruption. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { clientWithSecretSchema, describeClient, describeWithSecret } from '../../../representations/client.ts'
import { jsonBody } from '../../json-body.ts'
import { expectationOf, locationIn, sendCreated } from '../../resource.ts'
import { json, nothing } from '../../schemas.ts'
import { type ClientRoutesOptions, clientIdOf, clientPath } from './clients.ts'
import {
  ADMIN_BODY_LIMIT_BYTES as bodyLimit,
  adminConfig as config,
  errorsOf,
  ifMatch,
  ofAdministrator,
} from './schemas.ts'

interface New {
  readonly name?: string
  readonly expires_in?: number
}

const WRITE = 'signet:clients:write'

const newSecretSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'What it is for, in 1 to 64 printable characters.', examples: ['ci'] },
    expires_in: {
      type: 'integer',
      description: 'Seconds after which it expires; without it, it does not.',
      examples: [7_776_000],
    },
  },
  additionalProperties: false,
} as const

const path = {
  type: 'object',
  required: ['client_id', 'secret_id'],
  properties: { ...clientPath.properties, secret_id: { type: 'string', description: 'As the client lists it.' } },
}

export function clientSecretRoutes(app: FastifyInstance, options: ClientRoutesOptions): void {
  const { administration, clientRegistry } = options
  const newSecret = jsonBody<New>(newSecretSchema, { client_secret: 'It is made here: nobody else has seen it.' })

  app.route({
    method: 'POST',
    url: '/admin/clients/:client_id/secrets',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('addClientSecret', 'Add a secret, 20 at most; it is shown once', WRITE),
      params: clientPath,
      headers: ifMatch(),
      body: newSecretSchema,
      response: { 201: json('The client, with the secret', clientWithSecretSchema), ...errorsOf.change },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await administration.mayWrite(request, WRITE)
      const { name, expires_in: ttlSeconds } = newSecret(request)
      const expect = expectationOf(request, describeClient)
      const asked = { name, ttlSeconds, secret: undefined }
      const added = await clientRegistry.addSecret(clientIdOf(request), asked, { ...by, expect })
      const location = locationIn(request, added.secretId as string)
      return sendCreated(reply, location, describeWithSecret(added), describeClient(added.client))
    },
  })

  app.route({
    method: 'DELETE',
    url: '/admin/clients/:client_id/secrets/:secret_id',
    config,
    schema: {
      ...ofAdministrator('removeClientSecret', 'Remove a secret: it is refused at once', WRITE),
      params: path,
      headers: ifMatch(),
      response: { 204: nothing, ...errorsOf.change },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await administration.mayWrite(request, WRITE)
      const { secret_id } = request.params as { secret_id: string }
      const expect = expectationOf(request, describeClient)
      await clientRegistry.removeSecret(clientIdOf(request), secret_id, { ...by, expect })
      return reply.code(204).send()
    },
  })
}
