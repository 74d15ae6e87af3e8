import type { Provenance } from '../records/audit-event.ts'
import type { Role, RoleReader } from '../records/role.ts'
import type { SessionFilter } from '../records/session.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import { AccountError, assertNoProblem, notFound, permissionProblem } from './rules.ts'
import { usernameKey } from './username.ts'
import { unknownUser } from './users.ts'

/**
 * Every act throws an AccountError when it is refused. An act that takes a permission away ends the access tokens that may carry it:
 * the sessions go on, and their next refresh gives what is left.
 */
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

/** Ends the access tokens of sessions inside the write of the act that is the reason for it. */
export type EndAccessTokens = (stores: Stores, filters: readonly SessionFilter[]) => Promise<void>

/** Users whose tokens one write ends, each of some dozen sessions: more would keep other writes waiting. */
const BATCH = 10

export function createRoles(dependencies: {
  readonly roles: RoleReader
  readonly write: Write
  readonly endAccessTokens: EndAccessTokens
}): Roles {
  const { roles, write, endAccessTokens } = dependencies

  /**
   * Does an act that may take a permission away, and answers whether it does: then the access tokens of those who have the role end,
   * of the first ones in the same write, and of the others in writes of their own, so that nobody waits long however many they are.
   * @param finish belongs to the last write
   */
  async function takeAway(
    name: string,
    act: (stores: Stores) => Promise<boolean>,
    finish: (stores: Stores) => Promise<void> = async () => {},
  ): Promise<void> {
    /** Answers who is left. */
    const endSome = async (stores: Stores, userIds: readonly string[]): Promise<readonly string[]> => {
      const batch = userIds.slice(0, BATCH)
      // Locks the user's row, as a sign-in does: one that is under way is seen here, or sees the change.
      for (const userId of batch) await stores.users.findById(userId)
      await endAccessTokens(
        stores,
        batch.map(userId => ({ userId })),
      )
      const rest = userIds.slice(BATCH)
      if (rest.length === 0) await finish(stores)
      return rest
    }
    let rest = await write(async stores => {
      const takesAway = await act(stores)
      return endSome(stores, takesAway ? await stores.roles.usersOf(name) : [])
    })
    while (rest.length > 0) {
      const userIds = rest
      rest = await write(stores => endSome(stores, userIds))
    }
  }

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
      await takeAway(role.name, async stores => {
        const { permissions } = await find(stores.roles, role.name)
        await stores.roles.setPermissions(role.name, role.permissions)
        await stores.audit.append({ type: 'role.update', outcome: 'success', target: role.name, provenance: by })
        // The same once more, too: an update that was cut short is finished by running it again.
        const addsOnly =
          role.permissions.length > permissions.length && permissions.every(each => role.permissions.includes(each))
        return !addsOnly
      })
      return role
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
        if (!hadIt) return
        await endAccessTokens(stores, [{ userId }])
        await stores.audit.append({ type: 'role.revoke', outcome: 'success', userId, target: name, provenance: by })
      }),

    delete: (name, by) =>
      // It gives nothing from now on, and is gone with the last token of it: cut short, it is finished by running it again.
      takeAway(
        name,
        async stores => {
          await find(stores.roles, name)
          await stores.roles.setPermissions(name, [])
          await stores.audit.append({ type: 'role.delete', outcome: 'success', target: name, provenance: by })
          return true
        },
        stores => stores.roles.delete(name),
      ),
  }
}
