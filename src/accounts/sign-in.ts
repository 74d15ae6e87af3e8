import { TooManyWaiting } from '../passwords/hashing-lane.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { turnOfSignIn } from '../passwords/turn.ts'
import type { Provenance, RecordEvent } from '../records/audit-event.ts'
import { TooManyAttempts } from '../records/counters.ts'
import { isActive } from '../records/standing.ts'
import type { Write } from '../records/unit-of-work.ts'
import type { User, UserReader } from '../records/user.ts'
import type { SignInThrottling } from './sign-in-throttling.ts'
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
  /** Whether that client has proved who it is. */
  readonly isConfidential: boolean
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
 * @throws TooManyAttempts before any work, when there were too many wrong ones; TooManyWaiting, when too many wait to be hashed
 */
export function createSignIn(dependencies: {
  readonly users: UserReader
  readonly write: Write
  readonly passwords: Passwords
  readonly throttling: SignInThrottling
  readonly recordEvent: RecordEvent
  /** The keyed hash of a name that no user has: people type passwords into the name field. */
  readonly hashName: (username: string) => string
}): SignIn {
  const { users, write, passwords, throttling, recordEvent, hashName } = dependencies

  function fail(
    who: { readonly userId: string } | { readonly nameHash: string },
    { clientId, provenance }: Pick<SignInAttempt, 'clientId' | 'provenance'>,
    reason: string,
  ): undefined {
    recordEvent({ type: 'user.sign_in', outcome: 'failure', reason, clientId, provenance, ...who })
  }

  /** Never overwrites a password that was changed meanwhile. */
  async function upgradeHash(user: User, attempt: SignInAttempt): Promise<void> {
    const { userId, passwordHash } = user
    const upgraded = await passwords.rehash(turnOfSignIn(attempt), attempt.password).catch(unlessBusy)
    if (upgraded === undefined) return
    await write(async stores => {
      const done = await stores.users.replacePasswordHash(userId, passwordHash, upgraded)
      const { provenance } = attempt
      if (done)
        await stores.audit.append({ type: 'user.upgrade_password_hash', outcome: 'success', userId, provenance })
    })
  }

  /** Whoever is disabled learns nothing of a right password, and so it counts as a wrong one. */
  const compare = (key: string, user: User | undefined, attempt: SignInAttempt) => {
    const { password, clientId, isConfidential, provenance } = attempt
    const source = isConfidential ? { clientId } : { address: provenance.address }
    const counted = { usernameKey: key, userId: user?.userId, password, source, isSignIn: true }
    return throttling.count(counted, async () => {
      const checked = await passwords.verify(turnOfSignIn(attempt), user, password)
      return { ...checked, isRight: checked.matches && user !== undefined && isActive(user.status) }
    })
  }

  return {
    async check(attempt) {
      const key = usernameKey(attempt.username)
      const user = await users.findByKey(key)
      const who = user === undefined ? { nameHash: hashName(key) } : { userId: user.userId }
      const { matches, outdated } = await compare(key, user, attempt).catch(error => {
        if (error instanceof TooManyAttempts) fail(who, attempt, 'throttled')
        throw error
      })
      if (user === undefined) return fail(who, attempt, 'unknown_user')
      const { userId } = user
      if (!matches) return fail({ userId }, attempt, 'wrong_password')
      if (!isActive(user.status)) return fail({ userId }, attempt, `user_${user.status}`)
      if (outdated) await upgradeHash(user, attempt)
      return { userId, passwordId: user.passwordId }
    },

    async isStillGood({ userId, passwordId }, of) {
      const user = await users.findById(userId)
      if (user !== undefined && isActive(user.status) && user.passwordId === passwordId) return true
      fail({ userId }, of, 'user_changed')
      return false
    },
  }
}
