import { TooManyWaiting } from '../passwords/hashing-queue.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Provenance } from '../records/audit-event.ts'
import { networkOf } from '../records/network.ts'
import { isActive } from '../records/standing.ts'
import type { Write } from '../records/unit-of-work.ts'
import type { User, UserReader } from '../records/user.ts'
import { usernameKey } from './username.ts'

/** Who signed in, and which password was checked: the gate asks for it again when the session is written. */
export interface SignedIn {
  readonly userId: string
  readonly passwordId: string
}

export interface SignInAttempt {
  readonly username: string
  readonly password: string
  /** Internal id of the client through which the user signs in. */
  readonly clientId: string
  readonly provenance: Provenance
}

/** The upgrade can wait for another sign-in: the password was right. */
function unlessBusy(error: unknown): undefined {
  if (!(error instanceof TooManyWaiting)) throw error
}

export interface SignIn {
  check(attempt: SignInAttempt): Promise<SignedIn | undefined>
  /** Whether what was checked a moment ago is still so; if not, the audit says why. */
  isStillGood(signedIn: SignedIn, of: Pick<SignInAttempt, 'clientId' | 'provenance'>): Promise<boolean>
}

/**
 * Checks a username and a password. Unknown, disabled, deleted and wrong do the same work and look the same to the caller; only
 * the audit tells them apart.
 * @throws TooManyWaiting before any work, when too many passwords wait to be hashed
 */
export function createSignIn(dependencies: {
  readonly users: UserReader
  readonly write: Write
  readonly passwords: Passwords
}): SignIn {
  const { users, write, passwords } = dependencies

  async function fail(
    user: Pick<User, 'userId'> | undefined,
    { clientId, provenance }: Pick<SignInAttempt, 'clientId' | 'provenance'>,
    reason: string,
  ): Promise<undefined> {
    // The name that was typed stays out: people type passwords into the name field.
    const who = user === undefined ? {} : { userId: user.userId }
    await write(stores =>
      stores.audit.append({ type: 'user.sign_in', outcome: 'failure', reason, clientId, provenance, ...who }),
    )
    return undefined
  }

  /** Never overwrites a password that was changed meanwhile. */
  async function upgradeHash(user: User, attempt: SignInAttempt): Promise<void> {
    const { userId, passwordHash } = user
    const upgraded = await passwords
      .rehash(networkOf(attempt.provenance.address ?? ''), attempt.password)
      .catch(unlessBusy)
    if (upgraded === undefined) return
    await write(async stores => {
      const done = await stores.users.replacePasswordHash(userId, passwordHash, upgraded)
      const { provenance } = attempt
      if (done)
        await stores.audit.append({ type: 'user.upgrade_password_hash', outcome: 'success', userId, provenance })
    })
  }

  return {
    async check(attempt) {
      const user = await users.findByKey(usernameKey(attempt.username))
      const network = networkOf(attempt.provenance.address ?? '')
      const { matches, outdated } = await passwords.verify(network, user, attempt.password)
      if (user === undefined) return fail(user, attempt, 'unknown_user')
      if (!matches) return fail(user, attempt, 'wrong_password')
      if (!isActive(user.status)) return fail(user, attempt, `user_${user.status}`)
      if (outdated) await upgradeHash(user, attempt)
      return { userId: user.userId, passwordId: user.passwordId }
    },

    async isStillGood({ userId, passwordId }, of) {
      const user = await users.findById(userId)
      if (user !== undefined && isActive(user.status) && user.passwordId === passwordId) return true
      await fail({ userId }, of, 'user_changed')
      return false
    },
  }
}
