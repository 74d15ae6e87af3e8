/** Adding people who come from another system, with the hash of the password that they have there. */
import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import { CLIENT_ID_PREFIX } from '../records/client.ts'
import { isOwnPermission, type Role } from '../records/role.ts'
import type { Readers, Stores, Write } from '../records/unit-of-work.ts'
import { type Imported, USER_ID_PREFIX, type User } from '../records/user.ts'
import type { Cascades } from './cascades.ts'
import { nameIsTaken } from './names-of-users.ts'
import { roleNameProblem } from './roles.ts'
import { changeRoles, rolesToHave } from './roles-of-users.ts'
import { AccountError, assertNoProblem } from './rules.ts'
import { usernameKey, usernameProblem } from './username.ts'

export interface ImportedUser extends Imported {
  readonly username: string
  /** The id that is to stay; undefined: a new one is made. */
  readonly userId: string | undefined
  readonly status: 'active' | 'disabled'
  /** As it is stored (passwords/stored-hash.ts). */
  readonly passwordHash: string
  /** Names. */
  readonly roles: readonly string[]
}

export interface ImportRules {
  /** Whether roles may be given that have Signet's own permissions. */
  readonly allowsAdmin: boolean
}

export type ImportOutcome = 'added' | 'there already'

/** Both throw an AccountError when the user can't be added. Nobody who is there is ever changed. */
export interface UserImport {
  /** What `add` would answer. */
  examine(user: ImportedUser, rules: ImportRules): Promise<ImportOutcome>
  /** Adds the user, unless an import has added who was read from the same record, whatever became of that user since. */
  add(user: ImportedUser, rules: ImportRules, by: Provenance): Promise<ImportOutcome>
}

const ID = /^[A-Za-z0-9._-]{1,64}$/

/** The `sub` of a machine, or one that Signet gives; and what a path can't name (RFC 3986 §5.2.4). */
const isReserved = (userId: string): boolean =>
  [USER_ID_PREFIX, CLIENT_ID_PREFIX].some(prefix => userId.startsWith(`${prefix}_`)) || /^\.{1,2}$/.test(userId)

function userIdProblem(userId: string): string | undefined {
  if (!ID.test(userId)) return 'The id must have 1 to 64 characters: A-Z, a-z, 0-9, dot, underscore and hyphen.'
  if (isReserved(userId))
    return `The id must not be "." or "..", nor begin with ${USER_ID_PREFIX}_ or ${CLIENT_ID_PREFIX}_.`
  return undefined
}

const adminProblem = (roles: readonly Role[]): string | undefined => {
  const role = roles.find(({ permissions }) => permissions.some(isOwnPermission))
  return role && `The role ${role.name} gives permissions of Signet's own: if that is meant, use --allow-admin.`
}

/** What stands in the column of the roles by mistake may be a hash, which is not repeated. */
const looksLikeName = (role: string): boolean => /^[a-z][a-z_:.-]{0,28}\d{0,3}$/i.test(role)

const unknownRole = (role: string): AccountError => {
  const what = looksLikeName(role) ? `There is no role ${role}` : 'One of the roles does not exist'
  return new AccountError('not_found', `${what}: see signet roles add.`)
}

const WAS_ANOTHERS =
  "Another user had this name, and a mailbox or other things may be kept under it. If they are to be this person's, use users add --reuse-name."

const taken = (message: string): AccountError => new AccountError('already_exists', message)

const isTaken = (error: unknown): boolean => error instanceof AccountError && error.code === 'already_exists'

export function createUserImport(dependencies: {
  readonly read: Readers
  readonly write: Write
  readonly cascades: Cascades
  readonly clock: Clock
  readonly randomness: Randomness
}): UserImport {
  const { read, write, cascades, clock, randomness } = dependencies

  /** @returns the roles, when nothing is in the way. @throws AccountError */
  async function assertIsNew(
    { users, roles }: Readers,
    user: ImportedUser,
    rules: ImportRules,
  ): Promise<readonly Role[]> {
    const { username, userId } = user
    assertNoProblem(usernameProblem(username) ?? (userId === undefined ? undefined : userIdProblem(userId)))
    assertNoProblem(user.roles.map(roleNameProblem).find(problem => problem !== undefined))
    if (userId !== undefined && (await users.isKnownId(userId))) throw taken('Somebody has or had this id.')
    const [holder] = await users.idsOf(usernameKey(username))
    if (holder !== undefined) throw (await users.findByKey(usernameKey(username))) ? nameIsTaken() : taken(WAS_ANOTHERS)
    const { roles: has, unknown } = await rolesToHave(roles, user.roles)
    if (unknown !== undefined) throw unknownRole(unknown)
    if (!rules.allowsAdmin) assertNoProblem(adminProblem(has))
    return has
  }

  const isThere = async ({ users }: Readers, { importDigest }: ImportedUser): Promise<boolean> =>
    (await users.findImported(importDigest)) !== undefined

  async function insert(stores: Stores, imported: ImportedUser, roles: readonly Role[], by: Provenance): Promise<void> {
    const { username, status, passwordHash, hashCost, importDigest } = imported
    const { userId = randomId(randomness, USER_ID_PREFIX) } = imported
    const user: User = {
      ...{ userId, username, status, passwordHash },
      passwordId: randomId(randomness, 'password'),
      createdAtMs: clock.now(),
    }
    const isNew = await stores.users.insert({ ...user, usernameKey: usernameKey(username), hashCost, importDigest })
    if (!isNew) throw taken('Somebody else has just taken the name or the id.')
    await stores.audit.append({ type: 'user.import', outcome: 'success', userId, provenance: by })
    await changeRoles({ stores, cascades }, userId, { had: [], has: roles }, by)
  }

  return {
    async examine(user, rules) {
      if (await isThere(read, user)) return 'there already'
      await assertIsNew(read, user, rules)
      return 'added'
    },
    add: (user, rules, by) =>
      write(async stores => {
        if (await isThere(stores, user)) return 'there already'
        try {
          await insert(stores, user, await assertIsNew(stores, user, rules), by)
          return 'added'
        } catch (error) {
          // By another run over the same file, at this moment.
          if (isTaken(error) && (await isThere(stores, user))) return 'there already'
          throw error
        }
      }),
  }
}
