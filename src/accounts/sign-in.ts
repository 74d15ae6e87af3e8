import { TooManyWaiting } from '../passwords/hashing-lane.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { turnOfSignIn } from '../passwords/turn.ts'
import type { Provenance, RecordEvent } from '../records/audit-event.ts'
import { TooManyAttempts } from '../records/counters.ts'
import type { Role } from '../records/role.ts'
import { isActive } from '../records/standing.ts'
import type { Write } from '../records/unit-of-work.ts'
import type { User, UserReader } from '../records/user.ts'
import type { SignInThrottling } from './sign-in-throttling.ts'
import { usernameKey } from './username.ts'

/** Who signed in, and which password was checked: the gate asks for it again when the session is written, and for the roles. */
export interface SignedIn {
  readonly userId: string
  readonly passwordId: string
  readonly roles: readonly Role[]
}

export interface SignInAttempt {
  readonly username: string
  readonly password: string
  /** Internal id of the client through which the user signs in. */
  readonly clientId: string
  /** Whether that client has proved who it is. */
  readonly isConfidential: boolean
  readonly provenance: Provenance
  /** Takes what goes on beside and must be over before the answer, whatever that is. */
  readonly answersAfter: (work: Promise<unknown>) => void
}

/** The upgrade can wait for another sign-in: the password was right. */
function unlessBusy(error: unknown): undefined {
  if (!(error instanceof TooManyWaiting)) throw error
}

/** The audit says whom it kept out, who is not known before it is read. */
function onlyThrottled(error: unknown): TooManyAttempts {
  if (error instanceof TooManyAttempts) return error
  throw error
}

export interface SignIn {
  check(attempt: SignInAttempt): Promise<SignedIn | undefined>
  /** What was checked a moment ago, as it is now; undefined when it is no longer good, and the audit says why. */
  again(signedIn: SignedIn, of: Pick<SignInAttempt, 'clientId' | 'provenance'>): Promise<SignedIn | undefined>
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
  const compare = (key: string, found: Promise<User | undefined>, attempt: SignInAttempt) => {
    const { password, clientId, isConfidential, provenance, answersAfter } = attempt
    const { address, forwardedBy } = provenance
    const forwardedAddress = forwardedBy === undefined ? undefined : (address ?? undefined)
    const source = isConfidential ? { clientId, forwardedAddress } : { address }
    return throttling.count({ usernameKey: key, password, source, isSignIn: true, answersAfter }, async () => {
      const user = await found
      const checked = await passwords.verify(turnOfSignIn(attempt), user, password)
      const isRight = checked.matches && user !== undefined && isActive(user.status)
      return { ...checked, isRight, userId: user?.userId }
    })
  }

  return {
    async check(attempt) {
      const key = usernameKey(attempt.username)
      // Whoever it is, and whatever comes of it, all of it is asked at once.
      const [found, rolesFound] = [users.findByKey(key), users.rolesOfName(key)]
      const read = Promise.all([found, rolesFound])
      const checking = compare(key, found, attempt)
      const [[user, roles], checked] = await Promise.all([read, checking.catch(onlyThrottled)])
      const who = user === undefined ? { nameHash: hashName(key) } : { userId: user.userId }
      if (checked instanceof TooManyAttempts) {
        fail(who, attempt, 'throttled')
        throw checked
      }
      const { matches, outdated } = checked
      if (user === undefined) return fail(who, attempt, 'unknown_user')
      const { userId } = user
      if (!matches) return fail({ userId }, attempt, 'wrong_password')
      if (!isActive(user.status)) return fail({ userId }, attempt, `user_${user.status}`)
      if (outdated) await upgradeHash(user, attempt)
      return { userId, passwordId: user.passwordId, roles }
    },

    async again({ userId, passwordId }, of) {
      const [user, roles] = await Promise.all([users.findById(userId), users.rolesOf(userId)])
      if (user !== undefined && isActive(user.status) && user.passwordId === passwordId)
        return { userId, passwordId, roles }
      return fail({ userId }, of, 'user_changed')
    },
  }
}
