/**
 * Wrong client secrets are slowed down (RFC 6749 §2.3.1, §10.10), by client and address: nobody elsewhere can stop the client. Whoever
 * has not failed lately costs no look-up. A replica that was left behind with an old secret repeats one, which is no guess, and does
 * not stop the others behind its address.
 */
import { createHmac } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { Randomness } from '../../randomness.ts'
import { type Allowance, type Counter, type Counters, TooManyAttempts } from '../../records/counters.ts'
import { hostNetworkOf } from '../../records/network.ts'

const allowance: Allowance = { name: 'client_secret', points: 20, seconds: 5 * 60 }
const WINDOW_MS = allowance.seconds * 1000
const MOST_KEPT = 10_000
const KEY_BYTES = 32
/** A longer one is no client's. */
const LONGEST_CLIENT_ID = 65

/** What an address has presented for a client since its first wrong secret. */
interface Failing {
  readonly untilMs: number
  /** Hashes of the different secrets. */
  readonly wrong: Set<string>
}

export interface SecretAttempt {
  readonly clientId: string
  readonly address: string | null
  readonly secret: string
}

export interface SecretThrottling {
  /**
   * Compares, unless there were too many wrong ones before, and counts a wrong one that is no repetition.
   * @throws TooManyAttempts while the address is slowed down for this client, whatever it presents
   */
  count(attempt: SecretAttempt, isRight: () => boolean): Promise<void>
}

export function createSecretThrottling(dependencies: {
  readonly counters: Pick<Counters, 'take' | 'look'>
  /** Where attempts for a `client_id` are counted, whether or not a client has it. */
  readonly placeOf: (clientId: string) => Promise<string>
  readonly clock: Clock
  readonly randomness: Randomness
  /** Told which allowance was used up. */
  readonly onThrottled: (allowance: Allowance) => void
}): SecretThrottling {
  const { counters, placeOf, clock, randomness, onThrottled } = dependencies
  const key = randomness.bytes(KEY_BYTES)
  const failing = new Map<string, Failing>()

  const counterOf = async ({ clientId, address }: SecretAttempt): Promise<Counter> => ({
    allowance,
    of: `${await placeOf(clientId)}:${hostNetworkOf(address ?? '')}`,
  })

  const whereIs = ({ clientId, address }: SecretAttempt): string =>
    `${hostNetworkOf(address ?? '')} ${clientId.slice(0, LONGEST_CLIENT_ID)}`

  function failingAt(where: string): Failing | undefined {
    const known = failing.get(where)
    const leftMs = (known?.untilMs ?? 0) - clock.now()
    // What lies further ahead was seen before the clock was set back.
    return leftMs > 0 && leftMs <= WINDOW_MS ? known : undefined
  }

  const failingNow = (attempt: SecretAttempt): Failing | undefined =>
    failing.size === 0 ? undefined : failingAt(whereIs(attempt))

  function begin(where: string): Failing {
    const begun = { untilMs: clock.now() + WINDOW_MS, wrong: new Set<string>() }
    failing.delete(where)
    failing.set(where, begun)
    if (failing.size > MOST_KEPT) failing.delete(failing.keys().next().value as string)
    return begun
  }

  /** Whether it is the first time. */
  function keepWrong(where: string, secret: string): boolean {
    const { wrong } = failingAt(where) ?? begin(where)
    const before = wrong.size
    wrong.add(createHmac('sha256', key).update(secret).digest('base64url'))
    return wrong.size > before
  }

  function refuse(retryAfterSeconds: number): never {
    onThrottled(allowance)
    throw new TooManyAttempts({ retryAfterSeconds })
  }

  return {
    async count(attempt, isRight) {
      // Another instance may have counted, too.
      const usedUp = failingNow(attempt) && (await counters.look(await counterOf(attempt)))
      if (usedUp !== undefined) refuse(usedUp.retryAfterSeconds)
      // From here on nothing is waited for: of many at once no more are compared than of one after the other.
      const known = failingNow(attempt)
      if (known !== undefined && known.wrong.size >= allowance.points)
        refuse(Math.ceil((known.untilMs - clock.now()) / 1000))
      if (isRight()) return
      if (keepWrong(whereIs(attempt), attempt.secret)) await counters.take([await counterOf(attempt)])
    },
  }
}
