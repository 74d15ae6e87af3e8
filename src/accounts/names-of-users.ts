/**
 * Which names users may be given. A name that somebody had goes to nobody else by mistake: mail servers find the mailbox by it, and
 * people and programs elsewhere know nothing else of a user.
 */
import type { Stores } from '../records/unit-of-work.ts'
import type { User, UserReader } from '../records/user.ts'
import type { By } from './authority.ts'
import { AccountError } from './rules.ts'
import { mixedScriptsProblem, usernameKey, usernameProblem } from './username.ts'

export interface NewName {
  readonly username: string
  /** Whether it may be one that another user had: only at the command line. */
  readonly reusesName?: boolean | undefined
}

const WAS_ANOTHERS =
  'Another user had this name. Mail servers, and whoever else knows people by name, would give the one what is kept for the other. ' +
  'If that is meant, use --reuse-name.'

export const nameIsTaken = (): AccountError =>
  new AccountError('already_exists', 'There is a user with this name already.')

/**
 * Asked when the user has the name: then nobody else can take it meanwhile, or have given it up unseen. Of a user who is still to be
 * added it may be asked before, too.
 * @throws AccountError
 */
export async function assertWasNobodyElses(
  { users }: { readonly users: Pick<UserReader, 'idsOf'> },
  { userId, username }: { readonly userId?: string; readonly username: string },
): Promise<void> {
  const ids = await users.idsOf(usernameKey(username))
  if (ids.some(id => id !== userId)) throw new AccountError('already_exists', WAS_ANOTHERS)
}

/**
 * For a user who is given a name. Whoever signs people up over HTTP lets strangers choose: `аlice` with a Cyrillic letter looks like alice.
 */
export const newNameProblem = (username: string, { caller }: Pick<By, 'caller'>): string | undefined =>
  usernameProblem(username) ?? (caller === undefined ? undefined : mixedScriptsProblem(username))

/** The keyed hash of a name, as the audit keeps it. */
export type NameHash = (name: string) => string

/** Inside a write that has locked the user. @throws AccountError, StorageConflict when another one took the name at the same moment */
export async function changeName(
  stores: Stores,
  user: User,
  { username, reusesName }: NewName,
  hash: NameHash,
  by: By<never>,
): Promise<User> {
  if (user.username === username) return user
  const renamed = { ...user, username }
  const [formerKey, key] = [usernameKey(user.username), usernameKey(username)]
  if (!(await stores.users.rename(user.userId, formerKey, { username, usernameKey: key }))) throw nameIsTaken()
  // Another spelling is no other name.
  if (!reusesName && key !== formerKey) await assertWasNobodyElses(stores, renamed)
  const names = { nameHash: hash(formerKey), target: hash(key) }
  const event = { type: 'user.rename', outcome: 'success', userId: user.userId, ...names } as const
  await stores.audit.append({ ...event, provenance: by })
  return renamed
}
