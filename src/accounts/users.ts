/** Users, as operators, applications and the users themselves look after them. Each act is described where it is made. */
import type { Clock } from '../clock.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Randomness } from '../randomness.ts'
import type { RecordEvent } from '../records/audit-event.ts'
import { MOST_LISTED } from '../records/limits.ts'
import type { Status } from '../records/standing.ts'
import type { Write } from '../records/unit-of-work.ts'
import type { ListedUser, UserFilter, UserPlace, UserWithRoles } from '../records/user.ts'
import type { By, Standings } from './authority.ts'
import type { Cascades } from './cascades.ts'
import { type ChangesOfUsers, createChangesOfUsers } from './changes-of-users.ts'
import { findUser, type NamedUser, withRoles } from './finding-users.ts'
import type { NameHash, NewName } from './names-of-users.ts'
import { type AddingUsers, createUserAddition } from './new-users.ts'
import { createPasswordsOfUsers, type PasswordsOfUsers } from './passwords-of-users.ts'
import type { SignInThrottling } from './sign-in-throttling.ts'
import { usernameKey } from './username.ts'

/** Every act throws an AccountError when it is refused. */
export interface Users extends AddingUsers, ChangesOfUsers, PasswordsOfUsers {
  rename(which: NamedUser, to: NewName, by: By<UserWithRoles>): Promise<UserWithRoles>
  setStatus(which: NamedUser, status: Status, by: By<UserWithRoles>): Promise<UserWithRoles>
  /** The first `limit`, ordered by name. @param after behind whom it begins */
  list(search?: UserSearch, limit?: number, after?: UserPlace): Promise<readonly ListedUser[]>
  find(which: NamedUser): Promise<UserWithRoles>
}

/** Every condition that is given must be true. */
export interface UserSearch extends Pick<UserFilter, 'status' | 'role' | 'hasImportedHash'> {
  /** A part of the name, in whatever letter case. */
  readonly namePart?: string | undefined
  /** The name, in any spelling. */
  readonly username?: string | undefined
}

export function createUsers(dependencies: {
  readonly read: Standings
  readonly write: Write
  readonly recordEvent: RecordEvent
  readonly passwords: Passwords
  /** Opened when it is asked for: few acts need it. */
  readonly nameHash: () => Promise<NameHash>
  /** The same. */
  readonly throttling: () => Promise<SignInThrottling>
  readonly cascades: Cascades
  readonly clock: Clock
  readonly randomness: Randomness
}): Users {
  const { users } = dependencies.read
  const changes = createChangesOfUsers(dependencies)
  return {
    ...changes,
    ...createPasswordsOfUsers(dependencies),
    ...createUserAddition(dependencies),
    rename: (which, name, by) => changes.update(which, { name }, by),
    setStatus: (which, status, by) =>
      status === 'deleted' ? changes.delete(which, by) : changes.update(which, { status }, by),

    list({ namePart, username, ...search } = {}, limit = MOST_LISTED, after) {
      const named = { keyPart: namePart && usernameKey(namePart), key: username && usernameKey(username) }
      return users.list({ ...search, ...named }, limit, after)
    },

    async find(which) {
      const { user, had } = await findUser(users, which)
      return withRoles(user, had)
    },
  }
}
