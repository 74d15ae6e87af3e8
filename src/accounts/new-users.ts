/** Adding a user: by an operator, or by whoever signs people up over HTTP. */
import type { Clock } from '../clock.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import { USER_ID_PREFIX, type User, type UserWithRoles } from '../records/user.ts'
import { assertMay, assertMayActOnUser, type By, type Standings } from './authority.ts'
import type { Cascades } from './cascades.ts'
import { withRoles } from './finding-users.ts'
import { assertWasNobodyElses, type NewName, nameIsTaken, newNameProblem } from './names-of-users.ts'
import { turnOf } from './passwords-of-users.ts'
import { changeRoles, rolesToHave } from './roles-of-users.ts'
import { assertNoProblem, assertNoProblems } from './rules.ts'
import { usernameKey } from './username.ts'

export interface NewUser extends NewName {
  /** Without one nobody knows it, until the user sets one with a ticket. */
  readonly password?: string | undefined
  readonly roles: readonly string[]
}

export interface AddingUsers {
  add(user: NewUser, by: By<UserWithRoles>): Promise<UserWithRoles>
  /** Whatever can be known before the password is hashed, or asked for. */
  assertMayBeAdded(user: NewUser, by: By<never>): Promise<void>
}

const SECRET_BYTES = 32

export function createUserAddition(dependencies: {
  readonly read: Standings
  readonly write: Write
  readonly passwords: Passwords
  readonly cascades: Cascades
  readonly clock: Clock
  readonly randomness: Randomness
}): AddingUsers {
  const { read, write, passwords, cascades, clock, randomness } = dependencies

  /** To hash the password costs more than all else. */
  async function assertMayBeAdded(
    { username, password, roles: names, reusesName }: NewUser,
    by: By<never>,
  ): Promise<void> {
    const { roles, problem } = await rolesToHave(read.roles, names)
    const passwordProblem = password === undefined ? undefined : await passwords.problemOf(password, [username])
    assertNoProblems({ username: newNameProblem(username, by), password: passwordProblem, roles: problem })
    await assertMayActOnUser(read, by, [], roles)
    if ((await read.users.findByKey(usernameKey(username))) !== undefined) throw nameIsTaken()
    if (!reusesName) await assertWasNobodyElses(read, { username })
  }

  const hash = ({ username, password }: NewUser, by: By<never>): Promise<string> =>
    password === undefined
      ? passwords.rehash(turnOf(by), randomness.bytes(SECRET_BYTES).toString('hex'))
      : passwords.hashNew(turnOf(by), password, [username])

  async function insert(stores: Stores, user: User, asked: NewUser, by: By<never>): Promise<UserWithRoles> {
    const isNew = await stores.users.insert({ ...user, usernameKey: usernameKey(user.username) })
    if (!isNew) throw nameIsTaken()
    // Whoever asks is locked before the roles.
    await assertMay(stores, by)
    const { roles: has, problem } = await rolesToHave(stores.roles, asked.roles)
    assertNoProblem(problem, 'roles')
    await assertMayActOnUser(stores, by, [], has)
    await stores.audit.append({ type: 'user.add', outcome: 'success', userId: user.userId, provenance: by })
    await changeRoles({ stores, cascades }, user.userId, { had: [], has }, by)
    if (!asked.reusesName) await assertWasNobodyElses(stores, user)
    return withRoles(user, has)
  }

  return {
    assertMayBeAdded,
    async add(asked, by) {
      await assertMayBeAdded(asked, by)
      const passwordHash = await hash(asked, by)
      const [userId, passwordId] = [randomId(randomness, USER_ID_PREFIX), randomId(randomness, 'password')]
      const { username } = asked
      const user: User = { userId, username, status: 'active', passwordHash, passwordId, createdAtMs: clock.now() }
      return write(stores => insert(stores, user, asked, by))
    },
  }
}
