import type { Clock } from '../clock.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { turnOfNetwork, turnOfOperators } from '../passwords/turn.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance, RecordEvent } from '../records/audit-event.ts'
import { TooManyAttempts } from '../records/counters.ts'
import { MOST_LISTED } from '../records/limits.ts'
import type { Role } from '../records/role.ts'
import { isActive, type Status } from '../records/standing.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import { USER_ID_PREFIX, type User, type UserFilter, type UserReader, type UserWithRoles } from '../records/user.ts'
import { revokeKeysOf } from './api-keys.ts'
import { afterCascades, type Cascades } from './cascades.ts'
import { assertWasNobodyElses, createRename, type NewName, nameIsTaken, type Rename } from './names-of-users.ts'
import { AccountError, assertNoProblem, notFound } from './rules.ts'
import type { SignInThrottling } from './sign-in-throttling.ts'
import { usernameKey, usernameProblem } from './username.ts'

export interface Users {
  /** @throws AccountError when the name is taken or was another user's, or the name, password or a role is refused */
  add(user: NewUser, by: Provenance): Promise<UserWithRoles>
  /**
   * Gives the user another name; sessions and everything else go on. Another spelling of the own name, or one that the user had, is fine.
   * @throws AccountError when the name is taken, was another user's, or is refused
   */
  readonly rename: Rename
  /** The first `limit`, ordered by name. */
  list(search?: UserSearch, limit?: number): Promise<readonly UserWithRoles[]>
  find(username: string): Promise<UserWithRoles>
  /** Ends the user's sessions and revokes the API keys, too. */
  setPassword(username: string, password: string, by: Provenance): Promise<UserWithRoles>
  /** @throws AccountError when there is no such user */
  findById(userId: string): Promise<UserWithRoles>
  /**
   * What users do themselves: it needs the current password, and ends their other sessions.
   * @throws AccountError when the current password is wrong or the new one is refused
   * @throws TooManyAttempts before any work, when there were too many wrong ones; TooManyWaiting, when too many wait to be hashed
   */
  changePassword(change: PasswordChange, by: Provenance): Promise<void>
  /** Forgets the wrong passwords that were counted for the account, wherever they came from. */
  unlock(username: string, by: Provenance): Promise<UserWithRoles>
  /** `disabled` and `deleted` end the user's sessions; what has ended stays so when the user is enabled again. */
  setStatus(username: string, status: Status, by: Provenance): Promise<UserWithRoles>
}

export interface NewUser extends NewName {
  readonly password: string
  readonly roles: readonly string[]
}

/** Every condition that is given must be true. */
export interface UserSearch extends Pick<UserFilter, 'status' | 'role'> {
  /** A part of the name, in whatever letter case. */
  readonly namePart?: string | undefined
}

export interface PasswordChange {
  readonly userId: string
  readonly currentPassword: string
  readonly newPassword: string
  /** The session that goes on. */
  readonly sessionId: string
}

const statusEvents = { active: 'user.enable', disabled: 'user.disable', deleted: 'user.delete' } as const

const withRoles = (user: User, roles: readonly Role[]): UserWithRoles => ({
  ...user,
  roles: roles.map(({ name }) => name),
})

export const unknownUser = (): AccountError => notFound('user')

export function createUsers(dependencies: {
  readonly users: UserReader
  readonly write: Write
  readonly recordEvent: RecordEvent
  readonly passwords: Passwords
  /** The keyed hash of a name, as the audit keeps it. Opened when it is asked for: few acts need it. */
  readonly nameHash: () => Promise<(name: string) => string>
  /** The same. */
  readonly throttling: () => Promise<SignInThrottling>
  readonly cascades: Cascades
  readonly clock: Clock
  readonly randomness: Randomness
}): Users {
  const { users, write, recordEvent, passwords, nameHash, throttling, cascades, clock, randomness } = dependencies

  const find = async (reader: UserReader, username: string): Promise<UserWithRoles> => {
    const user = await reader.findByKey(usernameKey(username))
    if (user === undefined) throw unknownUser()
    return withRoles(user, await reader.rolesOf(user.userId))
  }

  const findById = async (reader: UserReader, userId: string): Promise<UserWithRoles> => {
    const user = await reader.findById(userId)
    if (user === undefined) throw unknownUser()
    return withRoles(user, await reader.rolesOf(userId))
  }

  function recordRefusal({ userId, sessionId }: PasswordChange, reason: string, provenance: Provenance): void {
    recordEvent({ type: 'user.set_password', outcome: 'failure', reason, userId, sessionId, provenance })
  }

  function refuseChange(change: PasswordChange, reason: string, provenance: Provenance): never {
    recordRefusal(change, reason, provenance)
    throw new AccountError('wrong_password', 'The current password is wrong.')
  }

  /** Whoever holds a stolen token could guess here, too. */
  async function compare(user: User, password: string, by: Provenance) {
    const counted = {
      usernameKey: usernameKey(user.username),
      password,
      source: { address: by.address },
    }
    return (await throttling()).count({ ...counted, isSignIn: false }, async () => {
      const { matches } = await passwords.verify(turnOfNetwork(by), user, password)
      return { isRight: matches, userId: user.userId }
    })
  }

  async function insert(stores: Stores, user: User, roles: readonly string[], by: Provenance): Promise<void> {
    const isNew = await stores.users.insert({ ...user, usernameKey: usernameKey(user.username) })
    if (!isNew) throw nameIsTaken()
    await stores.audit.append({ type: 'user.add', outcome: 'success', userId: user.userId, provenance: by })
    // In one order, so that two acts never wait for each other's locks.
    for (const role of roles.toSorted()) {
      if ((await stores.roles.find(role)) === undefined) throw notFound(`role: ${role}`)
      await stores.users.grantRole(user.userId, role)
      const { userId } = user
      await stores.audit.append({ type: 'role.grant', outcome: 'success', userId, target: role, provenance: by })
    }
  }

  return {
    async add({ username, password, roles, reusesName }, by) {
      assertNoProblem(usernameProblem(username))
      const passwordHash = await passwords.hashNew(turnOfOperators, password, [username])
      const userId = randomId(randomness, USER_ID_PREFIX)
      const passwordId = randomId(randomness, 'password')
      const user: User = { userId, username, status: 'active', passwordHash, passwordId, createdAtMs: clock.now() }
      return write(async stores => {
        await insert(stores, user, roles, by)
        if (!reusesName) await assertWasNobodyElses(stores, user)
        return find(stores.users, username)
      })
    },

    rename: createRename({ users, find, write, nameHash }),

    list: ({ namePart, ...search } = {}, limit = MOST_LISTED) =>
      users.list({ ...search, keyPart: namePart && usernameKey(namePart) }, limit),

    find: username => find(users, username),

    async setPassword(username, password, by) {
      const { userId, username: asEntered } = await find(users, username)
      const passwordHash = await passwords.hashNew(turnOfOperators, password, [asEntered])
      const user = await write(async stores => {
        const user = await find(stores.users, username)
        if (user.userId !== userId) throw unknownUser()
        await stores.users.setPassword(userId, { passwordHash, passwordId: randomId(randomness, 'password') })
        await stores.audit.append({ type: 'user.set_password', outcome: 'success', userId, provenance: by })
        // Whoever had the password may have made keys with it.
        await revokeKeysOf(stores, userId, clock.now(), 'password_changed', by)
        await cascades.end(stores, { subjectId: userId }, 'password_changed', by)
        return user
      })
      await cascades.finish({ subjectId: userId })
      return user
    },

    findById: userId => findById(users, userId),

    async changePassword(change, by) {
      const { userId, currentPassword, newPassword, sessionId } = change
      const user = await findById(users, userId)
      const { isRight } = await compare(user, currentPassword, by).catch(error => {
        if (error instanceof TooManyAttempts) recordRefusal(change, 'throttled', by)
        throw error
      })
      if (!isRight) return refuseChange(change, 'wrong_password', by)
      const passwordHash = await passwords.hashNew(turnOfNetwork(by), newPassword, [user.username])
      const isChanged = await write(async stores => {
        const now = await stores.users.findById(userId)
        const session = await stores.sessions.find(sessionId)
        // Whoever was disabled, given another password or signed out while this was hashed changes nothing.
        if (now === undefined || !isActive(now.status) || now.passwordId !== user.passwordId) return false
        if (session?.endedAtMs !== null) return false
        await stores.users.setPassword(userId, { passwordHash, passwordId: randomId(randomness, 'password') })
        await stores.audit.append({ type: 'user.set_password', outcome: 'success', userId, sessionId, provenance: by })
        await cascades.end(
          stores,
          { subjectId: userId, exceptSessionId: sessionId, signInsOnly: true },
          'password_changed',
          by,
        )
        return true
      })
      if (!isChanged) return refuseChange(change, 'user_changed', by)
      await cascades.finish({ subjectId: userId })
    },

    async unlock(username, by) {
      const user = await find(users, username)
      await (await throttling()).forget(usernameKey(user.username))
      const { userId } = user
      await write(stores => stores.audit.append({ type: 'user.unlock', outcome: 'success', userId, provenance: by }))
      return user
    },

    async setStatus(username, status, by) {
      const { userId } = await find(users, username)
      const concern = { subjectId: userId }
      const set = async (stores: Stores) => {
        const user = await find(stores.users, username)
        if (user.userId !== userId) throw unknownUser()
        await stores.users.setStatus(userId, status)
        await stores.audit.append({ type: statusEvents[status], outcome: 'success', userId, provenance: by })
        return { ...user, status }
      }
      if (isActive(status)) return afterCascades(cascades, write, concern, set)
      const user = await write(async stores => {
        const changed = await set(stores)
        // What is deleted never comes back.
        if (status === 'deleted') {
          await revokeKeysOf(stores, userId, clock.now(), 'user_deleted', by)
          await stores.signInNetworks.removeOf(userId)
        }
        await cascades.end(stores, concern, `user_${status}`, by)
        return changed
      })
      await cascades.finish(concern)
      return user
    },
  }
}
