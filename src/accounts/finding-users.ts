/** Whom an act is about: named as whoever asks knows them, found, and locked when it is inside a write. */
import type { Role } from '../records/role.ts'
import type { Stores } from '../records/unit-of-work.ts'
import type { User, UserReader, UserWithRoles } from '../records/user.ts'
import { assertMayActOnUser, type By, type Standings } from './authority.ts'
import { type AccountError, notFound } from './rules.ts'
import { usernameKey } from './username.ts'

/** By the name, in any spelling, or by the id. */
export type NamedUser = string | { readonly userId: string }

/** With the roles that the user has. */
export interface FoundUser {
  readonly user: User
  readonly had: readonly Role[]
}

export const unknownUser = (): AccountError => notFound('user')

export const withRoles = (user: User, roles: readonly Role[]): UserWithRoles => ({
  ...user,
  roles: roles.map(({ name }) => name),
})

/** @throws AccountError not_found */
export async function findUser(users: UserReader, which: NamedUser): Promise<FoundUser> {
  const user = await (typeof which === 'string' ? users.findByKey(usernameKey(which)) : users.findById(which.userId))
  if (user === undefined) throw unknownUser()
  return { user, had: await users.rolesOf(user.userId) }
}

/** @param userId who it was when the act began: a name may be somebody else's by now */
export async function lockUser({ users }: Stores, which: NamedUser, userId: string): Promise<FoundUser> {
  const found = await findUser(users, which)
  if (found.user.userId !== userId) throw unknownUser()
  return found
}

/**
 * To be asked before an act does what costs something, and inside its write.
 * @throws AccountError beyond_authority
 */
export async function assertMayActOn(
  standings: Standings,
  found: FoundUser,
  by: By<UserWithRoles>,
  after: readonly Role[] = found.had,
): Promise<void> {
  await assertMayActOnUser(standings, by, found.had, after)
  by.expect?.(withRoles(found.user, found.had))
}
