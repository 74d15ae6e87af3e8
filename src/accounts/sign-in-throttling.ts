/**
 * Wrong passwords are slowed down (RFC 6749 §10.10, NIST SP 800-63B-4 §3.2.2). An attempt is counted before its password is hashed, so
 * that of many at once no more are tried than of one after the other; a right one, and one that could not be tried, is given back.
 */
import { type Allowance, type Counter, type Counters, type TakenPoint, TooManyAttempts } from '../records/counters.ts'
import type { LastWrongPasswords } from './last-wrong-passwords.ts'
import {
  type AttemptSource,
  allowancesOfAccounts,
  beginningOf,
  type CountersOfAttempt,
  countersOf,
  networkIn,
} from './sign-in-allowances.ts'
import type { SignInNetworks } from './sign-in-networks.ts'
import type { PlaceOf } from './throttling-places.ts'

export interface CountedAttempt {
  /** The name as it is compared, whether or not anybody has it. */
  readonly usernameKey: string
  readonly password: string
  readonly source: AttemptSource
  /** Whether the account is known from now on at the network that it comes from, if the password is right. */
  readonly isSignIn: boolean
  /**
   * Given what goes on after a right password until it no longer counts, for which the answer has to wait: whoever has it may sign in
   * again at once, at another instance, too. Without it `count` waits.
   */
  readonly answersAfter?: (givenBack: Promise<unknown>) => void
}

export interface Checked {
  /** Whether the caller learns that the password was right: else it counts as wrong. */
  readonly isRight: boolean
  /** Undefined when nobody has the name. */
  readonly userId: string | undefined
}

export interface SignInThrottling {
  /**
   * Does the check, unless there were too many wrong ones before; they look the same whether the name is known or the password right.
   * @throws TooManyAttempts before anything of the check
   */
  count<T extends Checked>(attempt: CountedAttempt, check: () => Promise<T>): Promise<T>
  /** Forgets what is counted of the account. */
  forget(usernameKey: string): Promise<void>
}

/** As long as a few checks take. */
const SOON_SECONDS = 1

export function createSignInThrottling(dependencies: {
  readonly counters: Counters
  readonly placeOf: PlaceOf
  readonly networks: SignInNetworks
  readonly lastWrong: LastWrongPasswords
  /** Told which allowance was used up. */
  readonly onThrottled: (allowance: Allowance) => void
}): SignInThrottling {
  const { counters, placeOf, networks, lastWrong, onThrottled } = dependencies

  /** How many are being checked, or given back, for an account as it is tried from somewhere. */
  const underWay = new Map<string, number>()

  function change(of: string, by: 1 | -1): void {
    const count = (underWay.get(of) ?? 0) + by
    if (count === 0) underWay.delete(of)
    else underWay.set(of, count)
  }

  async function take(of: string, counted: readonly Counter[]): Promise<readonly TakenPoint[]> {
    const taken = await counters.take(counted)
    if ('points' in taken) return taken.points
    onThrottled(taken.usedUp.allowance)
    // Whether those under way count is not known yet: many devices that begin together with the right password come back soon.
    throw new TooManyAttempts(underWay.has(of) ? { retryAfterSeconds: SOON_SECONDS } : taken.usedUp)
  }

  /** Only where the account is not known there is more to ask, which whoever is refused before does not wait for. */
  async function takeAll({ of, own, shared, elsewhere }: CountersOfAttempt, lastAtMs: Promise<number | undefined>) {
    const points = await take(of, [...own, ...shared])
    try {
      return (await lastAtMs) === undefined ? [...points, ...(await take(of, elsewhere))] : points
    } catch (error) {
      await counters.giveBack(points)
      throw error
    }
  }

  /** A right password begins the account's own counters anew, and a repeated wrong one is no guess. */
  async function giveBack(of: CountersOfAttempt, points: readonly TakenPoint[], isRight: boolean, password: string) {
    if (isRight) await Promise.all([counters.reset(of.own), counters.giveBack(points.slice(of.own.length))])
    else if (lastWrong.isRepeated(of.of, password)) await counters.giveBack(points)
  }

  return {
    async count(attempt, check) {
      const { usernameKey, password, source, isSignIn, answersAfter } = attempt
      const network = networkIn(source)
      const place = await placeOf(usernameKey)
      const lastAtMs = network === undefined ? Promise.resolve(undefined) : networks.lastAtMs(usernameKey, network)
      lastAtMs.catch(() => {})
      const of = countersOf(place, source)
      const points = await takeAll(of, lastAtMs)
      change(of.of, 1)
      // Until then others are told to come back soon.
      const over = () => change(of.of, -1)
      const checked = await check().catch(async error => {
        // What could not be checked is given back.
        await counters.giveBack(points).finally(over)
        throw error
      })
      const { isRight, userId } = checked
      const givenBack = giveBack(of, points, isRight, password).finally(over)
      if (isRight && answersAfter) answersAfter(givenBack)
      else await givenBack
      if (isRight && isSignIn && userId && network) networks.record(userId, network, await lastAtMs)
      return checked
    },

    async forget(usernameKey) {
      const beginning = beginningOf(await placeOf(usernameKey))
      for (const allowance of allowancesOfAccounts) await counters.forget(allowance, beginning)
    },
  }
}
