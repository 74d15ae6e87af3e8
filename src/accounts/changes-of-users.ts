/** What a user is: name, status and roles, changed in one write, and the end of a user. */
import type { Clock } from '../clock.ts'
import { nobodysHash } from '../passwords/algorithms/argon2.ts'
import { ADMINISTRATOR } from '../records/role.ts'
import { isActive, type Status } from '../records/standing.ts'
import { StorageConflict, type Stores, type Write } from '../records/unit-of-work.ts'
import type { UserWithRoles } from '../records/user.ts'
import { revokeKeysOf } from './api-keys.ts'
import { assertAdministratorIsLeft, assertMay, type By, type Standings } from './authority.ts'
import { type Cascades, onceOver } from './cascades.ts'
import { assertMayActOn, type FoundUser, findUser, lockUser, type NamedUser, withRoles } from './finding-users.ts'
import { changeName, type NameHash, type NewName, nameIsTaken, newNameProblem } from './names-of-users.ts'
import { changeRoles, rolesToHave } from './roles-of-users.ts'
import { assertNoProblem, assertNoProblems } from './rules.ts'

/** What is given changes; at least one is. */
export interface UserChange {
  /** Another spelling of the own name, or one that the user had, is fine. */
  readonly name?: NewName | undefined
  /** `disabled` ends the user's sessions; what has ended stays so when the user is enabled again. */
  readonly status?: 'active' | 'disabled' | undefined
  /** Names of all that the user is to have. */
  readonly roles?: readonly string[] | undefined
}

export interface ChangesOfUsers {
  update(which: NamedUser, change: UserChange, by: By<UserWithRoles>): Promise<UserWithRoles>
  /** For good: sessions and API keys end, and nobody else gets the name by mistake. */
  delete(which: NamedUser, by: By<UserWithRoles>): Promise<UserWithRoles>
}

const statusEvents = { active: 'user.enable', disabled: 'user.disable', deleted: 'user.delete' } as const

export function createChangesOfUsers(dependencies: {
  readonly read: Standings
  readonly write: Write
  /** Opened when it is asked for: few acts need it. */
  readonly nameHash: () => Promise<NameHash>
  readonly cascades: Cascades
  readonly clock: Clock
}): ChangesOfUsers {
  const { read, write, nameHash, cascades, clock } = dependencies

  /** What a form would show, all at once; what is known only in the write is asked there again. */
  async function assertValid({ name, roles }: UserChange, { user, had }: FoundUser, by: By<never>): Promise<void> {
    assertNoProblems({
      username: name && name.username !== user.username ? newNameProblem(name.username, by) : undefined,
      roles: roles && (await rolesToHave(read.roles, roles, had)).problem,
    })
  }

  async function changeStatus(stores: Stores, { user, had }: FoundUser, status: Status, by: By<never>): Promise<void> {
    const { userId } = user
    if (!isActive(status) && had.some(({ name }) => name === ADMINISTRATOR))
      await assertAdministratorIsLeft(stores, by, userId)
    await stores.users.setStatus(userId, status)
    await stores.passwordTickets.removeOf(userId)
    await stores.audit.append({ type: statusEvents[status], outcome: 'success', userId, provenance: by })
    if (!isActive(status)) await cascades.end(stores, { subjectId: userId }, `user_${status}`, by)
  }

  async function change(
    stores: Stores,
    locked: FoundUser,
    { name, status, roles }: UserChange,
    { hash, by }: { readonly hash: NameHash | undefined; readonly by: By<UserWithRoles> },
  ): Promise<UserWithRoles> {
    const { user, had } = locked
    // Whoever asks is locked before the roles.
    await assertMay(stores, by)
    const { roles: has, problem } = roles ? await rolesToHave(stores.roles, roles, had) : { roles: had }
    assertNoProblem(problem, 'roles')
    await assertMayActOn(stores, locked, by, has)
    const named = name && hash ? await changeName(stores, user, name, hash, by) : user
    await changeRoles({ stores, cascades }, user.userId, { had, has }, by)
    // To disable somebody once more ends what a version without recorded cascades left undone.
    if (status !== undefined && !(isActive(status) && isActive(user.status)))
      await changeStatus(stores, locked, status, by)
    return withRoles({ ...named, status: status ?? user.status }, has)
  }

  return {
    async update(which, asked, by) {
      const found = await findUser(read.users, which)
      const { userId } = found.user
      await assertValid(asked, found, by)
      const hash = asked.name && (await nameHash())
      const concern = { subjectId: userId }
      const act = async (stores: Stores, assertOver?: () => Promise<void>) => {
        const locked = await lockUser(stores, which, userId)
        if (!isActive(locked.user.status)) await assertOver?.()
        return change(stores, locked, asked, { hash, by })
      }
      const acting =
        asked.status === 'active' ? onceOver(cascades, write, [concern], act) : write(stores => act(stores))
      const updated = await acting.catch(error => {
        throw error instanceof StorageConflict ? nameIsTaken() : error
      })
      if (asked.status ?? asked.roles) await cascades.finish(concern)
      return updated
    },

    async delete(which, by) {
      const { userId } = (await findUser(read.users, which)).user
      const user = await write(async stores => {
        const locked = await lockUser(stores, which, userId)
        await assertMayActOn(stores, locked, by)
        await revokeKeysOf(stores, userId, clock.now(), 'user_deleted', by)
        await changeStatus(stores, locked, 'deleted', by)
        await stores.signInNetworks.removeOf(userId)
        // The row stays, so that nobody else gets the id; what could be guessed in a stolen copy does not.
        await stores.users.setPassword(userId, { passwordHash: nobodysHash, passwordId: locked.user.passwordId })
        return withRoles({ ...locked.user, status: 'deleted' }, locked.had)
      })
      await cascades.finish({ subjectId: userId })
      return user
    },
  }
}
