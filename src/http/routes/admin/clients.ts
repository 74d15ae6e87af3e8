/** /admin/clients */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ClientChange, NewClient } from '../../../accounts/client-changes.ts'
import type { Clients } from '../../../accounts/clients.ts'
import { noSettings } from '../../../records/client.ts'
import type { Status } from '../../../records/standing.ts'
import {
  type ClientMembers,
  clientIdSchema,
  clientListSchemas,
  clientSchema,
  clientSettingsSchemas,
  clientWithSecretSchema,
  describeClient,
  describeWithSecret,
  publicSchema,
  settingsIn,
} from '../../../representations/client.ts'
import type { Administration } from '../../administration.ts'
import { jsonBody, patchTypes } from '../../json-body.ts'
import { pageBody, pageOf, pageQuery, pageSchema, queryWord } from '../../paging.ts'
import { assertConditional, expectationOf, locationIn, sendCreated, sendResource } from '../../resource.ts'
import { json, nothing } from '../../schemas.ts'
import {
  ADMIN_BODY_LIMIT_BYTES as bodyLimit,
  adminConfig as config,
  errorsOf,
  ifMatch,
  notModified,
  ofAdministrator,
  pathOf,
  preconditionRequired,
} from './schemas.ts'

export interface ClientRoutesOptions {
  readonly administration: Administration
  readonly clientRegistry: Clients
}

interface Change extends ClientMembers {
  readonly status?: Status
}

interface New extends ClientMembers {
  readonly client_id: string
  readonly public?: boolean
}

const READ = 'signet:clients:read'
const WRITE = 'signet:clients:write'

/** Those that work, and those that an operator let work no more. */
const kept = ['active', 'disabled'] as const satisfies readonly Status[]

const newClientSchema = {
  type: 'object',
  required: ['client_id'],
  properties: { client_id: clientIdSchema, public: publicSchema, ...clientSettingsSchemas },
  additionalProperties: false,
} as const
const changeSchema = {
  type: 'object',
  properties: { status: { type: 'string', enum: kept, examples: ['active'] }, ...clientSettingsSchemas },
  minProperties: 1,
  additionalProperties: false,
} as const

const notHere = { may_grant: 'It is set on the command line only.' }
const neverChanged = {
  ...notHere,
  public: 'A client never changes between public and confidential.',
  client_id: 'A client keeps its id: add another one.',
}

/** Of a new one, where nothing else is said. */
const byDefault: Omit<NewClient, 'clientId' | 'isPublic'> = { ...noSettings, secret: undefined }

const lists = Object.keys(clientListSchemas)

export const clientIdOf = ({ params }: FastifyRequest): string => (params as { client_id: string }).client_id
export const clientPath = pathOf('client_id', 'The id by which the client authenticates.')

export function clientRoutes(app: FastifyInstance, { administration, clientRegistry }: ClientRoutesOptions): void {
  const { mayRead, mayWrite } = administration
  const newClient = jsonBody<New>(newClientSchema, notHere)
  const change = jsonBody<Change>(changeSchema, neverChanged)

  app.route({
    method: 'GET',
    url: '/admin/clients',
    config,
    schema: {
      ...ofAdministrator('listClients', 'The clients', READ),
      querystring: pageQuery({ status: { type: 'string', enum: kept, description: 'Those that are so.' } }),
      response: { 200: json('The clients, by client_id', pageSchema('clients', clientSchema)), ...errorsOf.list },
    },
    handler: async (request: FastifyRequest) => {
      await mayRead(request, READ)
      const page = pageOf(request)
      const status = queryWord(request, 'status', kept)
      const found = await clientRegistry.list({ status, afterClientId: page.after, limit: page.limit + 1 })
      return pageBody('clients', page, found, describeClient, ({ clientId }) => clientId)
    },
  })

  app.route({
    method: 'POST',
    url: '/admin/clients',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('addClient', 'Add a client; its secret is shown once', WRITE),
      body: newClientSchema,
      response: { 201: json('The client', clientWithSecretSchema), ...errorsOf.creation },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, WRITE)
      const { client_id: clientId, public: isPublic = false, ...members } = newClient(request)
      const added = await clientRegistry.add({ ...byDefault, ...settingsIn(members), clientId, isPublic }, by)
      return sendCreated(reply, locationIn(request, clientId), describeWithSecret(added), describeClient(added.client))
    },
  })

  app.route({
    method: 'GET',
    url: '/admin/clients/:client_id',
    config,
    schema: {
      ...ofAdministrator('client', 'A client', READ),
      params: clientPath,
      response: { 200: json('The client', clientSchema), ...notModified, ...errorsOf.read },
    },
    handler: async (request: FastifyRequest, reply) => {
      await mayRead(request, READ)
      return sendResource(request, reply, describeClient(await clientRegistry.find(clientIdOf(request))))
    },
  })

  app.route({
    method: 'PATCH',
    url: '/admin/clients/:client_id',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('updateClient', 'Replace what is given, and keep the rest', WRITE),
      description: `It takes the permission \`${WRITE}\`. \`disabled\` ends the sessions through the client and its own tokens. With ${lists.join(', ')}, If-Match is needed.`,
      consumes: patchTypes,
      params: clientPath,
      headers: ifMatch(),
      body: changeSchema,
      response: { 200: json('The client', clientSchema), ...errorsOf.change, ...preconditionRequired },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, WRITE)
      const { status, ...members } = change(request)
      if (Object.keys(members).some(member => lists.includes(member))) assertConditional(request)
      const asked: ClientChange = { ...settingsIn(members), ...(status && { status }) }
      const expect = expectationOf(request, describeClient)
      const client = await clientRegistry.update(clientIdOf(request), asked, { ...by, expect })
      return sendResource(request, reply, describeClient(client))
    },
  })

  app.route({
    method: 'DELETE',
    url: '/admin/clients/:client_id',
    config,
    schema: {
      ...ofAdministrator('deleteClient', 'End a client for good, with all that goes through it', WRITE),
      params: clientPath,
      headers: ifMatch(),
      response: { 204: nothing, ...errorsOf.change },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, WRITE)
      const expect = expectationOf(request, describeClient)
      await clientRegistry.setStatus(clientIdOf(request), 'deleted', { ...by, expect })
      return reply.code(204).send()
    },
  })
}
