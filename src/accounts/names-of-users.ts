/**
 * Which names users may be given. A name that somebody had goes to nobody else by mistake: mail servers find the mailbox by it, and
 * people and programs elsewhere know nothing else of a user.
 */
import type { Provenance } from '../records/audit-event.ts'
import { StorageConflict, type Stores, type Write } from '../records/unit-of-work.ts'
import type { User, UserReader, UserWithRoles } from '../records/user.ts'
import { AccountError, assertNoProblem } from './rules.ts'
import { usernameKey, usernameProblem } from './username.ts'

export interface NewName {
  readonly username: string
  /** Whether it may be one that another user had. */
  readonly reusesName?: boolean | undefined
}

const WAS_ANOTHERS =
  'Another user had this name. Mail servers, and whoever else knows people by name, would give the one what is kept for the other. ' +
  'If that is meant, use --reuse-name.'

export const nameIsTaken = (): AccountError =>
  new AccountError('already_exists', 'There is a user with this name already.')

/**
 * Asked when the user has the name: then nobody else can take it meanwhile, or have given it up unseen.
 * @throws AccountError
 */
export async function assertWasNobodyElses({ users }: Stores, { userId, username }: User): Promise<void> {
  const ids = await users.idsOf(usernameKey(username))
  if (ids.some(id => id !== userId)) throw new AccountError('already_exists', WAS_ANOTHERS)
}

export type Rename = (username: string, to: NewName, by: Provenance) => Promise<UserWithRoles>

export function createRename(dependencies: {
  readonly users: UserReader
  readonly find: (reader: UserReader, username: string) => Promise<UserWithRoles>
  readonly write: Write
  /** The keyed hash of a name, as the audit keeps it. */
  readonly nameHash: () => Promise<(name: string) => string>
}): Rename {
  const { users, find, write, nameHash } = dependencies

  return async (username, { username: to, reusesName }, by) => {
    assertNoProblem(usernameProblem(to))
    await find(users, username)
    const hash = await nameHash()
    const [formerKey, key] = [usernameKey(username), usernameKey(to)]
    const names = { nameHash: hash(formerKey), target: hash(key) }
    const rename = async (stores: Stores) => {
      const user = await find(stores.users, username)
      if (user.username === to) return user
      const renamed = { ...user, username: to }
      if (!(await stores.users.rename(user.userId, formerKey, { username: to, usernameKey: key }))) throw nameIsTaken()
      // Another spelling is no other name.
      if (!reusesName && key !== formerKey) await assertWasNobodyElses(stores, renamed)
      const event = { type: 'user.rename', outcome: 'success', userId: user.userId, ...names } as const
      await stores.audit.append({ ...event, provenance: by })
      return renamed
    }
    return write(rename).catch(error => {
      throw error instanceof StorageConflict ? nameIsTaken() : error
    })
  }
}
