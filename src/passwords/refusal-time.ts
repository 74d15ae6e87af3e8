/**
 * How long a sign-in takes that is refused while there are hashes of other systems: as long as a check of the dearest of them, so that the
 * time does not tell whose is one. How long that is must not be learned from guesses at such names, or the next refusal would tell of the
 * one before: it is learned from checks with hashes of ours, which an unknown name costs, too, and from a check of its own.
 */

import type { UserReader } from '../records/user.ts'
import { nobodysHash } from './algorithms/argon2.ts'
import { MOST_PHPASS_BYTES } from './algorithms/phpass.ts'
import { type HashingLane, TooManyWaiting } from './hashing-lane.ts'
import { mostCandidates } from './stored-hash.ts'
import type { Turn } from './turn.ts'

/** A check may take longer than the one that was measured, and one that is a little cheaper longer than the dearest. */
const MARGIN = 1.5
/** What a check of ours takes until one was measured. */
const ASSUMED_MS = 50
/** What a new measurement counts for beside all before. */
const WEIGHT = 0.1
/** As many times the one before it a measurement may be: a machine that stood still tells nothing. */
const MOST_RISE = 2
/** The first of a form loads what computes it. */
const MEASUREMENTS = 2
/** As many times the time of its cost a form may take, on a machine without the instructions that others have. */
const MOST_SLOWNESS = 8
/** phpass reads all of a password in each round: what has no more bytes takes the time that was measured, within the margin. */
const BYTES_WITHIN_MARGIN = 400

/** How many times longer a check of this one takes at most. */
const slownessOfLength = (password: string): number =>
  Math.max(1, Math.min(Buffer.byteLength(password), MOST_PHPASS_BYTES) / BYTES_WITHIN_MARGIN)

const turnOfMeasurement: Turn = { key: 'measurement', most: 1 }

export interface RefusalTime {
  /** From the beginning of the check; 0 when there are no hashes of other systems. */
  leastMs(password: string): Promise<number>
  /** Notes how long a check with a hash of ours took. */
  noteOurs(ms: number): void
}

export function createRefusalTime(options: {
  readonly verify: (stored: string, candidate: string) => Promise<boolean>
  readonly lane: Pick<HashingLane, 'run'>
  readonly users: () => Promise<Pick<UserReader, 'dearestHashCost' | 'findHashOfCost'>>
  readonly elapsedMs: () => number
}): RefusalTime {
  const { verify, lane, users, elapsedMs } = options
  let msOfOurs = ASSUMED_MS
  let measured: { readonly cost: number; readonly slowness: Promise<number> } | undefined

  async function fastest(stored: string, cost: number): Promise<number> {
    const times: number[] = []
    for (let count = 0; count < MEASUREMENTS; count += 1)
      await lane.run(turnOfMeasurement, cost, async () => {
        const beganMs = elapsedMs()
        // What can't be read takes no time, and nobody waits for it.
        await verify(stored, 'any').catch(() => false)
        times.push(elapsedMs() - beganMs)
      })
    return Math.min(...times)
  }

  /** Of the hashes that cost so much: how many times longer they take here than one of ours that often. */
  async function measure(cost: number): Promise<number> {
    const stored = await (await users()).findHashOfCost(cost)
    if (stored === undefined) return 1
    const ms = await fastest(nobodysHash, 1)
    const slowness = (await fastest(stored, cost)) / (cost * ms)
    if (!Number.isFinite(slowness)) return 1
    msOfOurs = ms
    return Math.min(Math.max(1, slowness), MOST_SLOWNESS)
  }

  /** Measured once for each cost that becomes the dearest; where the lane has no room for it, the next one who is refused tries. */
  function slownessOf(cost: number): Promise<number> {
    if (measured?.cost === cost) return measured.slowness
    const slowness = measure(cost).catch(error => {
      measured = undefined
      if (error instanceof TooManyWaiting) return 1
      throw error
    })
    measured = { cost, slowness }
    return slowness
  }

  return {
    async leastMs(password) {
      const cost = await (await users()).dearestHashCost()
      if (cost === undefined) return 0
      const slowness = await slownessOf(cost)
      return MARGIN * msOfOurs * Math.max(1, cost * slowness * mostCandidates(password) * slownessOfLength(password))
    },
    noteOurs(ms) {
      msOfOurs += WEIGHT * (Math.min(ms, MOST_RISE * msOfOurs) - msOfOurs)
    },
  }
}
