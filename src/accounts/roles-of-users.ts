/** What a user is given and loses with a role, whoever says so and how. */
import type { Provenance } from '../records/audit-event.ts'
import { ADMINISTRATOR, type Role, type RoleReader } from '../records/role.ts'
import type { Stores } from '../records/unit-of-work.ts'
import { assertAdministratorIsLeft, type By } from './authority.ts'
import type { Cascades } from './cascades.ts'

export interface RolesToHave {
  /** Each once, ordered by name. */
  readonly roles: readonly Role[]
  /** What is wrong with the names: then there are no roles. */
  readonly problem: string | undefined
  /** The name that no role has. */
  readonly unknown?: string
}

/**
 * What a user is to have, by name. Inside a write the rows of the new ones are locked, in one order, so that two acts never wait for each
 * other; with them that of `signet-admin`, when the user has it.
 */
export async function rolesToHave(
  reader: RoleReader,
  names: readonly string[],
  had: readonly Role[] = [],
): Promise<RolesToHave> {
  const known = new Map(had.map(role => [role.name, role]))
  const looked = names.filter(name => !known.has(name))
  if (known.has(ADMINISTRATOR)) looked.push(ADMINISTRATOR)
  for (const name of [...new Set(looked)].sort()) {
    const role = await reader.find(name)
    if (role !== undefined) known.set(name, role)
    // Of thousands that there are not, one is looked for.
    else if (names.includes(name)) return { roles: [], problem: unknownIn(names, name), unknown: name }
  }
  return { roles: [...new Set(names)].sort().flatMap(name => known.get(name) ?? []), problem: undefined }
}

const unknownIn = (names: readonly string[], name: string): string =>
  names.length === 1
    ? 'There is no such role.'
    : `There is no such role: number ${names.indexOf(name) + 1} of those that are given.`

/**
 * Inside a write that has locked the user. A role that is taken ends the access tokens that may name it; with one that is given, password
 * tickets go: whoever made one was asked for what the user had then, and would get the role with it.
 */
export async function changeRoles(
  { stores, cascades }: { readonly stores: Stores; readonly cascades: Cascades },
  userId: string,
  { had, has }: { readonly had: readonly Role[]; readonly has: readonly Role[] },
  by: By<never>,
): Promise<void> {
  const [before, after] = [namesOf(had), namesOf(has)]
  const [given, taken] = [after.difference(before), before.difference(after)]
  if (taken.has(ADMINISTRATOR)) await assertAdministratorIsLeft(stores, by, userId)
  const { audit, users } = stores
  for (const name of [...given, ...taken].sort()) {
    const isGiven = given.has(name)
    await (isGiven ? users.grantRole(userId, name) : users.revokeRole(userId, name))
    await audit.append(eventOf(isGiven, userId, name, by))
  }
  if (given.size > 0) await stores.passwordTickets.removeOf(userId)
  if (taken.size > 0) await cascades.take(stores, { subjectId: userId }, 'role_revoked', by)
}

const namesOf = (roles: readonly Role[]): ReadonlySet<string> => new Set(roles.map(({ name }) => name))

const eventOf = (isGiven: boolean, userId: string, target: string, provenance: Provenance) =>
  ({ type: isGiven ? 'role.grant' : 'role.revoke', outcome: 'success', userId, target, provenance }) as const
