/** Who may do what at /admin: what everybody is answered at each route. */
import type { OwnPermission } from '../../src/records/role.ts'
import { api, password } from './serve.ts'

/** What an act is about: made anew for each asker, so that what one changes is in nobody's way. */
export type Target =
  | 'nothing'
  | 'user'
  | 'reader'
  | 'administrator'
  | 'role'
  | 'client'
  | 'api-key'
  | 'session'
  | 'issuer'

export interface Row {
  readonly route: string
  readonly of: Target
  readonly body?: (id: string) => object
  readonly permission: OwnPermission
  /** Of whoever has the permission, or all of them: a user who has it and nothing else, a machine without and with `--may-grant reader`, an administrator, and one with a token of this permission alone. */
  readonly answers: readonly [only: number, machine: number, granting: number, administrator: number, narrow: number]
}

const all = (status: number) => [status, status, status, status, status] as const
/** Of a user who has a role that gives no permission of Signet's own. */
const ofReader = (done: number) => [403, 403, done, done, done] as const
/** What reaches as far as an administrator does. */
const ofAdministrator = (done: number) => [403, 403, 403, done, 403] as const
/** What takes the role signet-admin and gives no permission of Signet's own. */
const byAdministrator = (done: number) => [403, 403, 403, done, done] as const
let names = 0
export function fresh(what: string): string {
  names += 1
  return `${what}-${names}`
}
const read = { of: 'nothing' } as const

const [usersRead, usersWrite] = ['signet:users:read', 'signet:users:write'] as const
const [rolesRead, rolesWrite] = ['signet:roles:read', 'signet:roles:write'] as const
const [clientsRead, clientsWrite] = ['signet:clients:read', 'signet:clients:write'] as const
const [keysRead, keysWrite] = ['signet:api-keys:read', 'signet:api-keys:write'] as const
const [sessionsRead, sessionsWrite] = ['signet:sessions:read', 'signet:sessions:write'] as const

const newUser = (roles: readonly string[]) => () => ({ username: fresh('new'), password: `${password} 2`, roles })
const user = '/admin/users/{user_id}'
const ticket = () => ({ client_id: 'console' })

/** Each act on a user is asked about one without a role, a reader and an administrator. */
const onUsers = (route: string, done: number, body?: Row['body']): readonly Row[] =>
  [
    { of: 'user', answers: all(done) } as const,
    { of: 'reader', answers: ofReader(done) } as const,
    { of: 'administrator', answers: ofAdministrator(done) } as const,
  ].map(row => ({ ...row, route, permission: usersWrite, ...(body && { body }) }))

export const table: readonly Row[] = [
  { ...read, route: 'GET /admin/users', permission: usersRead, answers: all(200) },
  { of: 'administrator', route: `GET ${user}`, permission: usersRead, answers: all(200) },
  { ...read, route: 'POST /admin/users', body: newUser([]), permission: usersWrite, answers: all(201) },
  { ...read, route: 'POST /admin/users', body: newUser(['reader']), permission: usersWrite, answers: ofReader(201) },
  {
    ...read,
    ...{ route: 'POST /admin/users', body: newUser(['signet-admin']), permission: usersWrite },
    answers: ofAdministrator(201),
  },
  ...onUsers(`PATCH ${user}`, 200, () => ({ status: 'disabled' })),
  ...onUsers(`PATCH ${user}`, 200, () => ({ username: fresh('renamed') })),
  {
    of: 'user',
    route: `PATCH ${user}`,
    body: () => ({ roles: ['reader'] }),
    permission: usersWrite,
    answers: ofReader(200),
  },
  {
    ...{ of: 'user', route: `PATCH ${user}`, body: () => ({ roles: ['signet-admin'] }) },
    ...{ permission: usersWrite, answers: ofAdministrator(200) },
  },
  { of: 'reader', route: `PATCH ${user}`, body: () => ({ roles: [] }), permission: usersWrite, answers: ofReader(200) },
  ...onUsers(`DELETE ${user}`, 204),
  ...onUsers(`POST ${user}/set-password`, 204, () => ({ password: `${password} 3` })),
  ...onUsers(`POST ${user}/unlock`, 204),
  ...onUsers(`POST ${user}/password-tickets`, 201, ticket),

  { ...read, route: 'GET /admin/roles', permission: rolesRead, answers: all(200) },
  { of: 'role', route: 'GET /admin/roles/{name}', permission: rolesRead, answers: all(200) },
  {
    ...{ ...read, route: 'POST /admin/roles', body: () => ({ name: fresh('role'), permissions: ['posts:read'] }) },
    ...{ permission: rolesWrite, answers: byAdministrator(201) },
  },
  {
    ...{ ...read, route: 'POST /admin/roles', body: () => ({ name: fresh('role'), permissions: [usersWrite] }) },
    ...{ permission: rolesWrite, answers: ofAdministrator(201) },
  },
  {
    ...{ of: 'role', route: 'PATCH /admin/roles/{name}', body: () => ({ permissions: ['posts:write'] }) },
    ...{ permission: rolesWrite, answers: byAdministrator(200) },
  },
  {
    ...{ of: 'role', route: 'PATCH /admin/roles/{name}', body: () => ({ permissions: [usersRead] }) },
    ...{ permission: rolesWrite, answers: ofAdministrator(200) },
  },
  { of: 'role', route: 'DELETE /admin/roles/{name}', permission: rolesWrite, answers: byAdministrator(204) },

  { ...read, route: 'GET /admin/clients', permission: clientsRead, answers: all(200) },
  { of: 'client', route: 'GET /admin/clients/{client_id}', permission: clientsRead, answers: all(200) },
  {
    ...{ ...read, route: 'POST /admin/clients', body: () => ({ client_id: fresh('client') }) },
    ...{ permission: clientsWrite, answers: all(201) },
  },
  {
    ...{ ...read, route: 'POST /admin/clients', body: () => ({ client_id: fresh('client'), audiences: [api] }) },
    ...{ permission: clientsWrite, answers: byAdministrator(201) },
  },
  {
    ...{ ...read, route: 'POST /admin/clients', body: () => ({ client_id: fresh('client'), scope: [usersWrite] }) },
    ...{ permission: clientsWrite, answers: ofAdministrator(201) },
  },
  {
    ...{ of: 'client', route: 'PATCH /admin/clients/{client_id}', body: () => ({ status: 'disabled' }) },
    ...{ permission: clientsWrite, answers: byAdministrator(200) },
  },
  {
    ...{ of: 'client', route: 'PATCH /admin/clients/{client_id}', body: () => ({ scope: ['posts:read', usersRead] }) },
    ...{ permission: clientsWrite, answers: ofAdministrator(200) },
  },
  {
    ...{ of: 'client', route: 'PATCH /admin/clients/{client_id}', body: () => ({ introspect: [api] }) },
    ...{ permission: clientsWrite, answers: byAdministrator(200) },
  },
  {
    ...{ of: 'client', route: 'PATCH /admin/clients/{client_id}', body: () => ({ forwards_address: 'x-from' }) },
    ...{ permission: clientsWrite, answers: byAdministrator(200) },
  },
  { of: 'client', route: 'DELETE /admin/clients/{client_id}', permission: clientsWrite, answers: byAdministrator(204) },
  {
    ...{ of: 'client', route: 'POST /admin/clients/{client_id}/secrets', body: () => ({}) },
    ...{ permission: clientsWrite, answers: byAdministrator(201) },
  },
  {
    ...{ of: 'client', route: 'DELETE /admin/clients/{client_id}/secrets/{secret_id}' },
    ...{ permission: clientsWrite, answers: byAdministrator(204) },
  },

  { ...read, route: 'GET /admin/api-keys', permission: keysRead, answers: all(200) },
  { of: 'api-key', route: 'GET /admin/api-keys/{api_key_id}', permission: keysRead, answers: all(200) },
  {
    ...{ of: 'client', route: 'POST /admin/api-keys' },
    ...{ body: (id: string) => ({ client_id: id, name: 'key', scope: 'posts:read', audiences: [api] }) },
    ...{ permission: keysWrite, answers: byAdministrator(201) },
  },
  { of: 'api-key', route: 'DELETE /admin/api-keys/{api_key_id}', permission: keysWrite, answers: byAdministrator(204) },

  { ...read, route: 'GET /admin/sessions', permission: sessionsRead, answers: all(200) },
  { of: 'session', route: 'GET /admin/sessions/{id}', permission: sessionsRead, answers: all(200) },
  { of: 'session', route: 'DELETE /admin/sessions/{id}', permission: sessionsWrite, answers: ofReader(204) },
  ...(
    [
      ['user', all(200)],
      ['reader', ofReader(200)],
      ['administrator', ofAdministrator(200)],
    ] as const
  ).map(
    ([of, answers]): Row => ({
      ...{ of, route: 'POST /admin/sessions/end', body: id => ({ user_id: id }) },
      ...{ permission: sessionsWrite, answers },
    }),
  ),
  {
    ...{ of: 'client', route: 'POST /admin/sessions/end', body: (id: string) => ({ client_id: id }) },
    ...{ permission: sessionsWrite, answers: byAdministrator(200) },
  },

  { ...read, route: 'GET /admin/keys', permission: 'signet:keys:read', answers: all(200) },
  { ...read, route: 'GET /admin/keys/{kid}', permission: 'signet:keys:read', answers: all(200) },
  { ...read, route: 'GET /admin/issuers', permission: 'signet:issuers:read', answers: all(200) },
  { of: 'issuer', route: 'GET /admin/issuers/{name}', permission: 'signet:issuers:read', answers: all(200) },
  { ...read, route: 'GET /admin/audit', permission: 'signet:audit:read', answers: all(200) },
]
