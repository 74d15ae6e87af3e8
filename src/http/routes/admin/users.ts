/** /admin/users */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Users } from '../../../accounts/users.ts'
import { statuses } from '../../../records/standing.ts'
import type { ListedUser, UserPlace } from '../../../records/user.ts'
import { describeUser, userSchema } from '../../../representations/user.ts'
import type { Administration } from '../../administration.ts'
import { jsonBody, patchTypes } from '../../json-body.ts'
import { pageBody, pageOf, pageQuery, pageSchema, queryParameter, queryWord, unknownCursor } from '../../paging.ts'
import { assertConditional, expectationOf, sendCreated, sendResource } from '../../resource.ts'
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

export interface UserRoutesOptions {
  readonly administration: Administration
  readonly users: Users
}

const { roles } = userSchema.properties
const username = { ...userSchema.properties.username, examples: ['carol'] } as const
export const passwordSchema = {
  type: 'string',
  format: 'password',
  description: '15 to 256 characters, and not a common one.',
  examples: ['four words that nobody guesses'],
} as const

interface NewUserBody {
  readonly username: string
  readonly password?: string
  readonly roles?: readonly string[]
}
const newUserSchema = {
  type: 'object',
  required: ['username'],
  properties: {
    username,
    password: {
      ...passwordSchema,
      description: `${passwordSchema.description} Without one nobody knows it, until a password ticket is redeemed.`,
    },
    roles,
  },
  additionalProperties: false,
} as const

interface ChangeBody {
  readonly username?: string
  readonly status?: 'active' | 'disabled'
  readonly roles?: readonly string[]
}
const changeSchema = {
  type: 'object',
  properties: {
    username,
    status: { type: 'string', enum: ['active', 'disabled'], examples: ['active'] },
    roles: { ...roles, description: 'All that the user is to have; If-Match is needed with it.' },
  },
  minProperties: 1,
  additionalProperties: false,
} as const

export const userPath = pathOf('user_id', 'The id of the user.')
export const userNamed = ({ params }: FastifyRequest) => ({ userId: (params as { user_id: string }).user_id })

/** Under whatever path the issuer has. */
const locationOf = ({ url }: FastifyRequest, userId: string): string =>
  `${url.split('?')[0]}/${encodeURIComponent(userId)}`

/** No id has a space in it. */
const keyOf = ({ usernameKey, userId }: ListedUser): string => `${userId} ${usernameKey}`

/** @throws OAuthError invalid_request */
function placeOf(after: string): UserPlace {
  const space = after.indexOf(' ')
  if (space < 0) throw unknownCursor()
  return { userId: after.slice(0, space), usernameKey: after.slice(space + 1) }
}

export function userRoutes(app: FastifyInstance, { administration, users }: UserRoutesOptions): void {
  const { mayRead, mayWrite } = administration
  const newUser = jsonBody<NewUserBody>(newUserSchema)
  const change = jsonBody<ChangeBody>(changeSchema)

  app.route({
    method: 'GET',
    url: '/admin/users',
    config,
    schema: {
      ...ofAdministrator('listUsers', 'The users, or those who are looked for', 'signet:users:read'),
      querystring: pageQuery({
        username: { type: 'string', description: 'Who signs in with this name: letter case does not matter.' },
        status: { type: 'string', enum: statuses, description: 'Without it: who is not deleted.' },
        role: { type: 'string', description: 'Who has this role.' },
      }),
      response: { 200: json('The users, by name', pageSchema('users', userSchema)), ...errorsOf.list },
    },
    handler: async (request: FastifyRequest) => {
      await mayRead(request, 'signet:users:read')
      const page = pageOf(request)
      const search = {
        username: queryParameter(request, 'username'),
        status: queryWord(request, 'status', statuses),
        role: queryParameter(request, 'role'),
      }
      const found = await users.list(search, page.limit + 1, page.after === undefined ? undefined : placeOf(page.after))
      return pageBody('users', page, found, describeUser, keyOf)
    },
  })

  app.route({
    method: 'POST',
    url: '/admin/users',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('addUser', 'Add a user', 'signet:users:write'),
      body: newUserSchema,
      response: { 201: json('The user', userSchema), ...errorsOf.creation },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:users:write')
      const { roles = [], ...asked } = newUser(request)
      const user = await users.add({ ...asked, roles }, { ...by, expect: undefined })
      return sendCreated(reply, locationOf(request, user.userId), describeUser(user))
    },
  })

  app.route({
    method: 'GET',
    url: '/admin/users/:user_id',
    config,
    schema: {
      ...ofAdministrator('user', 'A user', 'signet:users:read'),
      params: userPath,
      response: { 200: json('The user', userSchema), ...notModified, ...errorsOf.read },
    },
    handler: async (request: FastifyRequest, reply) => {
      await mayRead(request, 'signet:users:read')
      return sendResource(request, reply, describeUser(await users.find(userNamed(request))))
    },
  })

  app.route({
    method: 'PATCH',
    url: '/admin/users/:user_id',
    config,
    bodyLimit,
    schema: {
      ...ofAdministrator('updateUser', 'Change name, status or roles of a user', 'signet:users:write'),
      consumes: patchTypes,
      params: userPath,
      headers: ifMatch(),
      body: changeSchema,
      response: { 200: json('The user', userSchema), ...errorsOf.change, ...preconditionRequired },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:users:write')
      const { username, status, roles } = change(request)
      if (roles !== undefined) assertConditional(request)
      const name = username === undefined ? undefined : { username }
      const expect = expectationOf(request, describeUser)
      const user = await users.update(userNamed(request), { name, status, roles }, { ...by, expect })
      return sendResource(request, reply, describeUser(user))
    },
  })

  app.route({
    method: 'DELETE',
    url: '/admin/users/:user_id',
    config,
    schema: {
      ...ofAdministrator('deleteUser', 'Delete a user for good', 'signet:users:write'),
      params: userPath,
      headers: ifMatch(),
      response: { 204: nothing, ...errorsOf.change },
    },
    handler: async (request: FastifyRequest, reply) => {
      const by = await mayWrite(request, 'signet:users:write')
      await users.delete(userNamed(request), { ...by, expect: expectationOf(request, describeUser) })
      return reply.code(204).send()
    },
  })
}
