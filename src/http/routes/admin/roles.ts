/** /admin/roles */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Roles } from '../../../accounts/roles.ts'
import type { Role } from '../../../records/role.ts'
import { describeRole, roleSchema } from '../../../representations/role.ts'
import type { Administration } from '../../administration.ts'
import { jsonBody, patchTypes } from '../../json-body.ts'
import { pageBody, pageOf, pageQuery, pageSchema } from '../../paging.ts'
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

export interface RoleRoutesOptions {
  readonly administration: Administration
  readonly roles: Roles
}

const { permissions } = roleSchema.properties
const newRoleSchema = { ...roleSchema, additionalProperties: false } as const
const changeSchema = {
  type: 'object',
  properties: { permissions },
  minProperties: 1,
  additionalProperties: false,
} as const
const params = pathOf('name', 'The name of the role.')

const nameOf = ({ params }: FastifyRequest): string => (params as { name: string }).name

export function roleRoutes(app: FastifyInstance, { administration, roles }: RoleRoutesOptions): void {
  const { mayRead, mayWrite } = administration
  const newRole = jsonBody<Role>(newRoleSchema)
  const change = jsonBody<Pick<Role, 'permissions'>>(changeSchema)

  app.route({
    method: 'GET',
    url: '/admin/roles',
    config,
    schema: {
      ...ofAdministrator('listRoles', 'The roles', 'signet:roles:read'),
      querystring: pageQuery(),
      response: { 200: json('The roles, by name', pageSchema('roles', roleSchema)), ...errorsOf.list },
    },
    handler: async (request: FastifyRequest) => {
      await mayRead(request, 'signet:roles:read')
      const page = pageOf(request)
      const { after = '' } = page
      const all = (await roles.list()).filter(({ name }) => name > after)
      return pageBody('roles', page, all, describeRole, ({ name }) => name)
    },
  })

  app.route({
    method: 'POST',
    url: '/admin/roles',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('addRole', 'Add a role', 'signet:roles:write'),
      body: newRoleSchema,
      response: { 201: json('The role', roleSchema), ...errorsOf.creation },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:roles:write')
      const role = await roles.add(newRole(request), by)
      return sendCreated(reply, locationIn(request, role.name), describeRole(role))
    },
  })

  app.route({
    method: 'GET',
    url: '/admin/roles/:name',
    config,
    schema: {
      ...ofAdministrator('role', 'A role', 'signet:roles:read'),
      params,
      response: { 200: json('The role', roleSchema), ...notModified, ...errorsOf.read },
    },
    handler: async (request: FastifyRequest, reply) => {
      await mayRead(request, 'signet:roles:read')
      return sendResource(request, reply, describeRole(await roles.find(nameOf(request))))
    },
  })

  app.route({
    method: 'PATCH',
    url: '/admin/roles/:name',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('updateRole', 'Replace the permissions of a role', 'signet:roles:write'),
      consumes: patchTypes,
      params,
      headers: ifMatch(true),
      body: changeSchema,
      response: { 200: json('The role', roleSchema), ...errorsOf.change, ...preconditionRequired },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:roles:write')
      const { permissions } = change(request)
      assertConditional(request)
      const expect = expectationOf(request, describeRole)
      const role = await roles.update({ name: nameOf(request), permissions }, { ...by, expect })
      return sendResource(request, reply, describeRole(role))
    },
  })

  app.route({
    method: 'DELETE',
    url: '/admin/roles/:name',
    config,
    schema: {
      ...ofAdministrator('deleteRole', 'Delete a role, also from everybody who has it', 'signet:roles:write'),
      params,
      headers: ifMatch(),
      response: { 204: nothing, ...errorsOf.change },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:roles:write')
      await roles.delete(nameOf(request), { ...by, expect: expectationOf(request, describeRole) })
      return reply.code(204).send()
    },
  })
}
