import type { Provenance } from '../records/audit-event.ts'
import { ROLE_DELETED } from '../records/cascade.ts'
import { ADMINISTRATOR, isOwnPermission, ownPermissions, type Role, type RoleReader } from '../records/role.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import { assertMayChangeRole, type By } from './authority.ts'
import { afterCascades, type Cascades } from './cascades.ts'
import { AccountError, assertNoProblem, assertNoProblems, notFound, permissionProblem } from './rules.ts'
import { usernameKey } from './username.ts'
import { unknownUser } from './users.ts'

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
  grant(name: string, username: string, by: Provenance): Promise<void>
  revoke(name: string, username: string, by: Provenance): Promise<void>
  /** Takes the role from everybody who has it, too. */
  delete(name: string, by: By<Role>): Promise<void>
}

const nameProblem = (name: string): string | undefined =>
  /^[\x21-\x7E]{1,64}$/.test(name) ? undefined : 'A role name has 1 to 64 printable ASCII characters without space.'

const builtIn = () => new AccountError('conflict', `The role ${ADMINISTRATOR} is built in: nobody changes it.`)

const permissionsProblem = (permissions: readonly string[]): string | undefined =>
  permissions.length === 0
    ? 'A role gives at least one permission.'
    : permissions.map(permissionProblem).find(problem => problem !== undefined)

function assertValid({ name, permissions }: Role): void {
  assertNoProblems({ name: nameProblem(name), permissions: permissionsProblem(permissions) })
  if (name === ADMINISTRATOR) throw builtIn()
}

/** A mistyped one would give nothing, and nobody would notice. What is from before there was a rule is in nobody's way. */
function assertAreKnown(permissions: readonly string[], before: readonly string[] = []): void {
  const isKnown = (permission: string) =>
    !isOwnPermission(permission) || before.includes(permission) || ownPermissions.some(own => own === permission)
  const message = `Of the permissions that begin with signet: there are ${ownPermissions.join(', ')}.`
  assertNoProblem(permissions.every(isKnown) ? undefined : message, 'permissions')
}

const withoutDoubles = ({ name, permissions }: Role): Role => ({ name, permissions: [...new Set(permissions)] })

/** One that only adds takes nothing away. The same once more does: it finishes what a version without recorded cascades left undone. */
const takesAway = (before: Role, after: Role): boolean =>
  after.permissions.length <= before.permissions.length ||
  before.permissions.some(permission => !after.permissions.includes(permission))

export function createRoles(dependencies: {
  readonly roles: RoleReader
  readonly write: Write
  readonly cascades: Cascades
}): Roles {
  const { roles, write, cascades } = dependencies

  const find = async (reader: RoleReader, name: string): Promise<Role> => {
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
      assertAreKnown(role.permissions)
      // One of this name may be on its way out.
      return afterCascades(cascades, write, { roleName: role.name }, async stores => {
        await assertMayChangeRole(stores, by, role)
        const isNew = await stores.roles.insert(role)
        if (!isNew && (await stores.roles.find(role.name)) !== undefined)
          throw new AccountError('already_exists', 'There is a role with this name already.')
        await stores.audit.append({ type: 'role.add', outcome: 'success', target: role.name, provenance: by })
        return role
      })
    },

    list: () => roles.list(),

    find: name => find(roles, name),

    async update(asked, by) {
      const role = withoutDoubles(asked)
      assertValid(role)
      await write(async stores => {
        const before = await find(stores.roles, role.name)
        await assertMayChangeRole(stores, by, before, role)
        by.expect?.(before)
        assertAreKnown(role.permissions, before.permissions)
        await stores.roles.setPermissions(role.name, role.permissions)
        await stores.audit.append({ type: 'role.update', outcome: 'success', target: role.name, provenance: by })
        if (takesAway(before, role)) await cascades.record(stores, 'take', { roleName: role.name }, 'role_updated', by)
      })
      await cascades.finish({ roleName: role.name })
      return role
    },

    grant: (name, username, by) =>
      write(async stores => {
        const userId = await findUserId(stores, username)
        await find(stores.roles, name)
        const isNew = await stores.users.grantRole(userId, name)
        if (isNew)
          await stores.audit.append({ type: 'role.grant', outcome: 'success', userId, target: name, provenance: by })
      }),

    async revoke(name, username, by) {
      const subjectId = await write(async stores => {
        const userId = await findUserId(stores, username)
        await find(stores.roles, name)
        const hadIt = await stores.users.revokeRole(userId, name)
        if (!hadIt) return undefined
        await cascades.take(stores, { subjectId: userId }, 'role_revoked', by)
        await stores.audit.append({ type: 'role.revoke', outcome: 'success', userId, target: name, provenance: by })
        return userId
      })
      if (subjectId !== undefined) await cascades.finish({ subjectId })
    },

    async delete(name, by) {
      if (name === ADMINISTRATOR) throw builtIn()
      // It gives nothing from now on, and is gone when the last token that names it is revoked.
      await write(async stores => {
        const role = await find(stores.roles, name)
        await assertMayChangeRole(stores, by, role)
        by.expect?.(role)
        await stores.roles.setPermissions(name, [])
        await stores.audit.append({ type: 'role.delete', outcome: 'success', target: name, provenance: by })
        await cascades.record(stores, 'take', { roleName: name }, ROLE_DELETED, by)
      })
      await cascades.finish({ roleName: name })
    },
  }
}
