import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance, Stores, Write } from '../unit-of-work.ts'
import { AccountError, assertNoProblem, notFound } from './account-error.ts'
import type { Passwords } from './passwords.ts'
import type { Role, Status, User, UserStoreReader } from './stores.ts'
import { usernameKey, usernameProblem } from './username.ts'

export interface UserWithRoles extends User {
  readonly roles: readonly string[]
}

export interface Users {
  /** @throws AccountError when the name is taken or the name, password or a role is refused */
  add(user: { username: string; password: string; roles: readonly string[] }, by: Provenance): Promise<UserWithRoles>
  list(): Promise<readonly UserWithRoles[]>
  find(username: string): Promise<UserWithRoles>
  /** Ends the user's sessions, too. */
  setPassword(username: string, password: string, by: Provenance): Promise<UserWithRoles>
  /** `disabled` and `deleted` end the user's sessions; what has ended stays so when the user is enabled again. */
  setStatus(username: string, status: Status, by: Provenance): Promise<UserWithRoles>
}

/** Ends every session of a user inside the write of the act that is the reason for it. */
export type EndSessionsOfUser = (stores: Stores, userId: string, reason: string, by: Provenance) => Promise<void>

const statusEvents = { active: 'user.enable', disabled: 'user.disable', deleted: 'user.delete' } as const

/** Operators are one network among the others; their own processes have queues of their own anyway. */
const OPERATORS = 'operators'

const withRoles = (user: User, roles: readonly Role[]): UserWithRoles => ({
  ...user,
  roles: roles.map(({ name }) => name),
})

export const unknownUser = (): AccountError => notFound('user')

export function createUsers(dependencies: {
  readonly users: UserStoreReader
  readonly write: Write
  readonly passwords: Passwords
  readonly endSessions: EndSessionsOfUser
  readonly clock: Clock
  readonly randomness: Randomness
}): Users {
  const { users, write, passwords, endSessions, clock, randomness } = dependencies

  const find = async (reader: UserStoreReader, username: string): Promise<UserWithRoles> => {
    const user = await reader.findByKey(usernameKey(username))
    if (user === undefined) throw unknownUser()
    return withRoles(user, await reader.rolesOf(user.userId))
  }

  async function insert(stores: Stores, user: User, roles: readonly string[]): Promise<void> {
    const isNew = await stores.users.insert({ ...user, usernameKey: usernameKey(user.username) })
    if (!isNew) throw new AccountError('already_exists', 'There is a user with this name already.')
    for (const role of roles) {
      if ((await stores.roles.find(role)) === undefined) throw notFound(`role: ${role}`)
      await stores.users.grantRole(user.userId, role)
    }
  }

  return {
    async add({ username, password, roles }, by) {
      assertNoProblem(usernameProblem(username))
      const passwordHash = await passwords.hashNew(OPERATORS, password, [username])
      const userId = randomId(randomness, 'user')
      const passwordId = randomId(randomness, 'password')
      const user: User = { userId, username, status: 'active', passwordHash, passwordId, createdAtMs: clock.now() }
      return write(async stores => {
        await insert(stores, user, roles)
        await stores.audit.append({ type: 'user.add', outcome: 'success', userId, provenance: by })
        return find(stores.users, username)
      })
    },

    list: () => users.list(),

    find: username => find(users, username),

    async setPassword(username, password, by) {
      const { userId, username: asEntered } = await find(users, username)
      const passwordHash = await passwords.hashNew(OPERATORS, password, [asEntered])
      return write(async stores => {
        const user = await find(stores.users, username)
        if (user.userId !== userId) throw unknownUser()
        await stores.users.setPassword(userId, { passwordHash, passwordId: randomId(randomness, 'password') })
        await stores.audit.append({ type: 'user.set_password', outcome: 'success', userId, provenance: by })
        await endSessions(stores, userId, 'password_changed', by)
        return user
      })
    },

    setStatus: (username, status, by) =>
      write(async stores => {
        const user = await find(stores.users, username)
        const { userId } = user
        await stores.users.setStatus(userId, status)
        await stores.audit.append({ type: statusEvents[status], outcome: 'success', userId, provenance: by })
        if (status !== 'active') await endSessions(stores, userId, `user_${status}`, by)
        return { ...user, status }
      }),
  }
}
