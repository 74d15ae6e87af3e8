import type { Provenance, Stores, Write } from '../unit-of-work.ts'
import { AccountError, assertNoProblem, notFound } from './account-error.ts'
import { permissionProblem } from './scope-tokens.ts'
import type { Role, RoleStoreReader } from './stores.ts'
import { usernameKey } from './username.ts'
import { unknownUser } from './users.ts'

/** Every act throws an AccountError when it is refused. */
export interface Roles {
  add(role: Role, by: Provenance): Promise<Role>
  list(): Promise<readonly Role[]>
  find(name: string): Promise<Role>
  /** Replaces the permissions. */
  update(role: Role, by: Provenance): Promise<Role>
  grant(name: string, username: string, by: Provenance): Promise<void>
  revoke(name: string, username: string, by: Provenance): Promise<void>
  /** Takes the role from everybody who has it, too. */
  delete(name: string, by: Provenance): Promise<void>
}

const nameProblem = (name: string): string | undefined =>
  /^[\x21-\x7E]{1,64}$/.test(name) ? undefined : 'A role name has 1 to 64 printable ASCII characters without space.'

function assertValid({ name, permissions }: Role): void {
  assertNoProblem(nameProblem(name))
  if (permissions.length === 0) throw new AccountError('invalid', 'A role gives at least one permission.')
  for (const permission of permissions) assertNoProblem(permissionProblem(permission))
}

const withoutDoubles = ({ name, permissions }: Role): Role => ({ name, permissions: [...new Set(permissions)] })

export function createRoles({ roles, write }: { readonly roles: RoleStoreReader; readonly write: Write }): Roles {
  const find = async (reader: RoleStoreReader, name: string): Promise<Role> => {
    const role = await reader.find(name)
    if (role === undefined) throw notFound('role')
    return role
  }

  const findUserId = async (stores: Stores, username: string): Promise<string> => {
    const user = await stores.users.findByKey(usernameKey(username))
    if (user === undefined) throw unknownUser()
    return user.userId
  }

  return {
    async add(asked, by) {
      const role = withoutDoubles(asked)
      assertValid(role)
      return write(async stores => {
        const isNew = await stores.roles.insert(role)
        if (!isNew) throw new AccountError('already_exists', 'There is a role with this name already.')
        await stores.audit.append({ type: 'role.add', outcome: 'success', target: role.name, provenance: by })
        return role
      })
    },

    list: () => roles.list(),

    find: name => find(roles, name),

    async update(asked, by) {
      const role = withoutDoubles(asked)
      assertValid(role)
      return write(async stores => {
        await find(stores.roles, role.name)
        await stores.roles.setPermissions(role.name, role.permissions)
        await stores.audit.append({ type: 'role.update', outcome: 'success', target: role.name, provenance: by })
        return role
      })
    },

    grant: (name, username, by) =>
      write(async stores => {
        await find(stores.roles, name)
        const userId = await findUserId(stores, username)
        const isNew = await stores.users.grantRole(userId, name)
        if (isNew)
          await stores.audit.append({ type: 'role.grant', outcome: 'success', userId, target: name, provenance: by })
      }),

    revoke: (name, username, by) =>
      write(async stores => {
        await find(stores.roles, name)
        const userId = await findUserId(stores, username)
        const hadIt = await stores.users.revokeRole(userId, name)
        if (hadIt)
          await stores.audit.append({ type: 'role.revoke', outcome: 'success', userId, target: name, provenance: by })
      }),

    delete: (name, by) =>
      write(async stores => {
        await find(stores.roles, name)
        await stores.roles.delete(name)
        await stores.audit.append({ type: 'role.delete', outcome: 'success', target: name, provenance: by })
      }),
  }
}
