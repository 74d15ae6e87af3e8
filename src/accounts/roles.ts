import type { Provenance } from '../records/audit-event.ts'
import { ROLE_DELETED } from '../records/cascade.ts'
import { ADMINISTRATOR, type Role, type RoleReader } from '../records/role.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import { assertMayChangeRole, type By } from './authority.ts'
import { afterCascades, type Cascades } from './cascades.ts'
import { findUser, type NamedUser } from './finding-users.ts'
import { changeRoles } from './roles-of-users.ts'
import {
  AccountError,
  assertNoProblems,
  notFound,
  type Problems,
  permissionProblem,
  unknownPermissionProblem,
} from './rules.ts'

/**
 * Every act throws an AccountError when it is refused. An act that takes a permission away ends the access tokens that may carry it:
 * the sessions go on, and their next refresh gives what is left.
 */
export interface Roles {
  add(role: Role, by: By<Role>): Promise<Role>
  list(): Promise<readonly Role[]>
  find(name: string): Promise<Role>
  /** Replaces the permissions. */
  update(role: Role, by: By<Role>): Promise<Role>
  /** By operators alone: over HTTP the roles of a user are replaced. */
  grant(name: string, which: NamedUser, by: Provenance): Promise<void>
  revoke(name: string, which: NamedUser, by: Provenance): Promise<void>
  /** Takes the role from everybody who has it, too. */
  delete(name: string, by: By<Role>): Promise<void>
}

export const roleNameProblem = (name: string): string | undefined =>
  /^[\x21-\x7E]{1,64}$/.test(name) ? undefined : 'A role name has 1 to 64 printable ASCII characters without space.'

const builtIn = () => new AccountError('conflict', `The role ${ADMINISTRATOR} is built in: nobody changes it.`)

const permissionsProblem = (permissions: readonly string[]): string | undefined =>
  permissions.length === 0
    ? 'A role gives at least one permission.'
    : permissions.map(permissionProblem).find(problem => problem !== undefined)

/** What is wrong with a role that is to be added or changed. */
export const roleProblems = ({ name, permissions }: Role, before?: Role): Problems => ({
  name: roleNameProblem(name),
  permissions: permissionsProblem(permissions) ?? unknownPermissionProblem(permissions, before?.permissions),
})

function assertValid(role: Role, before?: Role): void {
  assertNoProblems(roleProblems(role, before))
  if (role.name === ADMINISTRATOR) throw builtIn()
}

const withoutDoubles = ({ name, permissions }: Role): Role => ({ name, permissions: [...new Set(permissions)] })

/** One that only adds takes nothing away. The same once more does: it finishes what a version without recorded cascades left undone. */
export const takesAway = (before: Role, after: Role): boolean =>
  after.permissions.length <= before.permissions.length ||
  before.permissions.some(permission => !after.permissions.includes(permission))

/** What adding, changing and deleting a role does inside a write: of the act itself, or of one that makes many. */
export interface RoleChanges {
  /** Answers it as it is stored. Whoever adds one has finished the cascades over its name before. */
  add(stores: Stores, asked: Role, by: By<Role>): Promise<Role>
  /** The role is locked. */
  update(stores: Stores, before: Role, asked: Role, by: By<Role>): Promise<Role>
  /** The role is locked. It gives nothing from now on, and is gone when the last token that names it is revoked. */
  delete(stores: Stores, role: Role, by: By<Role>): Promise<void>
}

export const createRoleChanges = ({ record }: Pick<Cascades, 'record'>): RoleChanges => ({
  async add(stores, asked, by) {
    const role = withoutDoubles(asked)
    assertValid(role)
    await assertMayChangeRole(stores, by, role)
    const isNew = await stores.roles.insert(role)
    if (!isNew && (await stores.roles.find(role.name)) !== undefined)
      throw new AccountError('already_exists', 'There is a role with this name already.')
    await stores.audit.append({ type: 'role.add', outcome: 'success', target: role.name, provenance: by })
    return role
  },

  async update(stores, before, asked, by) {
    const role = withoutDoubles(asked)
    await assertMayChangeRole(stores, by, before, role)
    by.expect?.(before)
    assertValid(role, before)
    await stores.roles.setPermissions(role.name, role.permissions)
    await stores.audit.append({ type: 'role.update', outcome: 'success', target: role.name, provenance: by })
    if (takesAway(before, role)) await record(stores, 'take', { roleName: role.name }, 'role_updated', by)
    return role
  },

  async delete(stores, role, by) {
    const { name } = role
    if (name === ADMINISTRATOR) throw builtIn()
    await assertMayChangeRole(stores, by, role)
    by.expect?.(role)
    await stores.roles.setPermissions(name, [])
    await stores.audit.append({ type: 'role.delete', outcome: 'success', target: name, provenance: by })
    await record(stores, 'take', { roleName: name }, ROLE_DELETED, by)
  },
})

export function createRoles(dependencies: {
  readonly roles: RoleReader
  readonly write: Write
  readonly cascades: Cascades
}): Roles {
  const { roles, write, cascades } = dependencies
  const changes = createRoleChanges(cascades)

  const find = async (reader: RoleReader, name: string): Promise<Role> => {
    const role = await reader.find(name)
    if (role === undefined) throw notFound('role')
    return role
  }

  return {
    // One of this name may be on its way out.
    add: (role, by) => afterCascades(cascades, write, { roleName: role.name }, stores => changes.add(stores, role, by)),

    list: () => roles.list(),

    find: name => find(roles, name),

    async update(asked, by) {
      const role = await write(async stores => changes.update(stores, await find(stores.roles, asked.name), asked, by))
      await cascades.finish({ roleName: role.name })
      return role
    },

    async grant(name, which, by) {
      await write(async stores => {
        const { user, had } = await findUser(stores.users, which)
        const has = [...had, await find(stores.roles, name)]
        await changeRoles({ stores, cascades }, user.userId, { had, has }, by)
      })
    },

    async revoke(name, which, by) {
      const subjectId = await write(async stores => {
        const { user, had } = await findUser(stores.users, which)
        await find(stores.roles, name)
        const has = had.filter(role => role.name !== name)
        await changeRoles({ stores, cascades }, user.userId, { had, has }, by)
        return user.userId
      })
      await cascades.finish({ subjectId })
    },

    async delete(name, by) {
      await write(async stores => changes.delete(stores, await find(stores.roles, name), by))
      await cascades.finish({ roleName: name })
    },
  }
}
