/** What sets a new password, and what ends with the one before. */
import type { Clock } from '../clock.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { type Turn, turnOfClient, turnOfNetwork, turnOfOperators } from '../passwords/turn.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance, RecordEvent } from '../records/audit-event.ts'
import { isClient } from '../records/client.ts'
import { TooManyAttempts } from '../records/counters.ts'
import { isActive } from '../records/standing.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import type { User, UserWithRoles } from '../records/user.ts'
import { revokeKeysOf } from './api-keys.ts'
import type { By, Standings } from './authority.ts'
import type { Cascades } from './cascades.ts'
import { assertMayActOn, findUser, lockUser, type NamedUser, withRoles } from './finding-users.ts'
import { AccountError } from './rules.ts'
import type { SignInThrottling } from './sign-in-throttling.ts'
import { usernameKey } from './username.ts'

export interface PasswordChange {
  readonly userId: string
  readonly currentPassword: string
  readonly newPassword: string
  /** The session that goes on. */
  readonly sessionId: string
}

export interface PasswordsOfUsers {
  /** What the rules say against a new password of whoever has, or is to have, this name; undefined: nothing. */
  passwordProblem(username: string, password: string): Promise<string | undefined>
  /** Ends the user's sessions and revokes the API keys, too. */
  setPassword(which: NamedUser, password: string, by: By<UserWithRoles>): Promise<UserWithRoles>
  /**
   * What users do themselves: it needs the current password, and ends their other sessions.
   * @throws AccountError when the current password is wrong or the new one is refused
   * @throws TooManyAttempts before any work, when there were too many wrong ones; TooManyWaiting, when too many wait to be hashed
   */
  changePassword(change: PasswordChange, by: Provenance): Promise<void>
  /** Forgets the wrong passwords that were counted for the account, wherever they came from. */
  unlock(which: NamedUser, by: By<UserWithRoles>): Promise<UserWithRoles>
}

/** Whose place in the hashing lane a password takes. A backend signs many people up from one address. */
export function turnOf(by: By<never>): Turn {
  if (by.caller === undefined) return turnOfOperators
  const { subjectId } = by.caller
  return isClient(subjectId) ? turnOfClient(subjectId) : turnOfNetwork(by)
}

/** A new password, and how it is made. */
export interface NewPassword {
  readonly passwordHash: string
  readonly passwordId: string
}

export const newPassword = (passwordHash: string, randomness: Randomness): NewPassword => ({
  passwordHash,
  passwordId: randomId(randomness, 'password'),
})

/** Inside a write that has locked the user: tickets that were given out for the password before are good for nothing. */
export async function replacePassword(stores: Stores, userId: string, password: NewPassword): Promise<void> {
  await stores.users.setPassword(userId, password)
  await stores.passwordTickets.removeOf(userId)
}

/** The same where somebody else set it, or a ticket: whoever had the one before may have made keys with it, and be signed in. */
export async function replaceLostPassword(
  { stores, cascades }: { readonly stores: Stores; readonly cascades: Cascades },
  userId: string,
  password: NewPassword,
  { nowMs, by }: { readonly nowMs: number; readonly by: Provenance },
): Promise<void> {
  await replacePassword(stores, userId, password)
  await stores.audit.append({ type: 'user.set_password', outcome: 'success', userId, provenance: by })
  await revokeKeysOf(stores, userId, nowMs, 'password_changed', by)
  await cascades.end(stores, { subjectId: userId }, 'password_changed', by)
}

export function createPasswordsOfUsers(dependencies: {
  readonly read: Standings
  readonly write: Write
  readonly recordEvent: RecordEvent
  readonly passwords: Passwords
  readonly throttling: () => Promise<SignInThrottling>
  readonly cascades: Cascades
  readonly clock: Clock
  readonly randomness: Randomness
}): PasswordsOfUsers {
  const { read, write, recordEvent, passwords, throttling, cascades, clock, randomness } = dependencies

  function recordRefusal({ userId, sessionId }: PasswordChange, reason: string, provenance: Provenance): void {
    recordEvent({ type: 'user.set_password', outcome: 'failure', reason, userId, sessionId, provenance })
  }

  function refuseChange(change: PasswordChange, reason: string, provenance: Provenance): never {
    recordRefusal(change, reason, provenance)
    throw new AccountError('wrong_password', 'The current password is wrong.')
  }

  /** Whoever holds a stolen token could guess here, too. */
  async function compare(user: User, password: string, by: Provenance) {
    const source = { address: by.address }
    const counted = { usernameKey: usernameKey(user.username), password, source, isSignIn: false }
    return (await throttling()).count(counted, async () => {
      return { isRight: await passwords.isOf(turnOfNetwork(by), user, password), userId: user.userId }
    })
  }

  return {
    passwordProblem: (username, password) => passwords.problemOf(password, [username]),

    async setPassword(which, password, by) {
      const found = await findUser(read.users, which)
      const { userId, username } = found.user
      // Whoever may not would make the service hash for nothing.
      await assertMayActOn(read, found, by)
      const set = newPassword(await passwords.hashNew(turnOf(by), password, [username]), randomness)
      const user = await write(async stores => {
        const locked = await lockUser(stores, which, userId)
        await assertMayActOn(stores, locked, by)
        await replaceLostPassword({ stores, cascades }, userId, set, { nowMs: clock.now(), by })
        return withRoles(locked.user, locked.had)
      })
      await cascades.finish({ subjectId: userId })
      return user
    },

    async changePassword(change, by) {
      const { userId, currentPassword, sessionId } = change
      const { user } = await findUser(read.users, { userId })
      const { isRight } = await compare(user, currentPassword, by).catch(error => {
        if (error instanceof TooManyAttempts) recordRefusal(change, 'throttled', by)
        throw error
      })
      if (!isRight) return refuseChange(change, 'wrong_password', by)
      const passwordHash = await passwords.hashNew(turnOfNetwork(by), change.newPassword, [user.username])
      const others = { subjectId: userId, exceptSessionId: sessionId, signInsOnly: true }
      const isChanged = await write(async stores => {
        const now = await stores.users.findById(userId)
        const session = await stores.sessions.find(sessionId)
        // Whoever was disabled, given another password or signed out while this was hashed changes nothing.
        if (now === undefined || !isActive(now.status) || now.passwordId !== user.passwordId) return false
        if (session?.endedAtMs !== null) return false
        await replacePassword(stores, userId, newPassword(passwordHash, randomness))
        await stores.audit.append({ type: 'user.set_password', outcome: 'success', userId, sessionId, provenance: by })
        await cascades.end(stores, others, 'password_changed', by)
        return true
      })
      if (!isChanged) return refuseChange(change, 'user_changed', by)
      await cascades.finish({ subjectId: userId })
    },

    async unlock(which, by) {
      const user = await write(async stores => {
        const locked = await findUser(stores.users, which)
        await assertMayActOn(stores, locked, by)
        const { userId } = locked.user
        await stores.audit.append({ type: 'user.unlock', outcome: 'success', userId, provenance: by })
        return withRoles(locked.user, locked.had)
      })
      await (await throttling()).forget(usernameKey(user.username))
      return user
    },
  }
}
