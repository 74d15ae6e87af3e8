/**
 * Hands out the indices of Token Status Lists (draft-ietf-oauth-status-list), each once and in random order, from blocks: a process
 * claims a whole block, so that two processes never share an index and a sign-in waits for no other write.
 */
import type { Clock } from '../../clock.ts'
import type { Randomness } from '../../randomness.ts'
import { latestNow } from '../../records/ahead.ts'
import {
  CLOCK_TOLERANCE_SECONDS,
  ISSUING_SECONDS,
  LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS,
  LONGEST_REFRESH_GRACE_SECONDS,
  LONGEST_WRITTEN_AHEAD_SECONDS,
} from '../../records/limits.ts'
import type { SessionStatus, StatusReference, UsedStatusList } from '../../records/status-list.ts'
import { StorageUnavailable, type Write } from '../../records/unit-of-work.ts'

/** Entries of a list: some 1,000 as a document when few are revoked, and what a service with millions of sign-ins a day needs. */
const SMALLEST_SIZE = 2 ** 14
const LARGEST_SIZE = 2 ** 20
/** Of a list, whatever its size: 16 indices in each of the smallest, 1,024 in each of the largest. */
export const BLOCKS = 2 ** 10

/** Sessions leave a list of this age. */
const LEAVE_AFTER_MS = 24 * 3_600_000
const LONGEST_NEED_SECONDS = LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS + LONGEST_WRITTEN_AHEAD_SECONDS
const SLACK_MS = (LONGEST_REFRESH_GRACE_SECONDS + ISSUING_SECONDS + CLOCK_TOLERANCE_SECONDS) * 1000
/** After the last session has left a list, nothing that points to it is alive for longer than this. */
const AFTERLIFE_MS = LONGEST_NEED_SECONDS * 1000 + SLACK_MS

/** An index that nobody had before, and when its session leaves the list. */
export type TakeIndex = () => Promise<Omit<SessionStatus, 'lastExpiryMs'>>

export interface IndexAllocation {
  readonly takeIndex: TakeIndex
  /**
   * An index that is in no row, and in no token that anybody got, is for the next who asks: of many requests that want a fresh one for
   * the same row, all but one would waste theirs.
   */
  readonly giveBack: (unused: StatusReference) => void
}

export function createIndexAllocation(dependencies: {
  readonly write: Write
  readonly clock: Clock
  readonly randomness: Randomness
}): IndexAllocation {
  const { write, clock, randomness } = dependencies
  let pool: Block | undefined
  let claiming: Promise<void> | undefined

  /**
   * Sessions of a list that was full before its time come late to the one behind it, and wait there until nothing is alive in the
   * first one; to the third they come later by the slack of both.
   */
  const claimBlock = () =>
    write(async ({ statusLists }) => {
      const nowMs = clock.now()
      // A list of the future takes no new sessions: it would be left in years. Those that it has stay, and so does it until then.
      const within = { afterMs: nowMs - LEAVE_AFTER_MS, untilMs: latestNow(nowMs) }
      const claim = () => statusLists.claimBlock(BLOCKS, within)
      const claimed = await claim()
      if (claimed !== undefined) return claimed
      await statusLists.close(BLOCKS, within)
      const last = await statusLists.last(within.untilMs)
      const wasFull = last !== undefined && last.openedAtMs > within.afterMs
      const stayMs = LEAVE_AFTER_MS + (wasFull ? AFTERLIFE_MS : 2 * SLACK_MS)
      await statusLists.open({
        id: randomness.bytes(8).toString('hex'),
        openedAtMs: nowMs,
        size: last === undefined ? SMALLEST_SIZE : sizeAfter(last, nowMs),
        revision: 0,
        keepUntilMs: nowMs + stayMs + AFTERLIFE_MS,
      })
      return claim()
    })

  async function refill(): Promise<void> {
    const claimed = await claimBlock()
    if (claimed === undefined) throw new StorageUnavailable('No block of a status list could be claimed.')
    const { list, block } = claimed
    const leaveAtMs = list.openedAtMs + LEAVE_AFTER_MS
    const fresh = shuffledBlock(randomness, block, list.size / BLOCKS)
    // What was given back while the block was claimed.
    const left = pool?.listId === list.id ? pool.indices : []
    pool = { listId: list.id, leaveAtMs, indices: [...fresh, ...left] }
  }

  const takesSessions = ({ leaveAtMs }: Block, nowMs: number): boolean =>
    leaveAtMs > nowMs && leaveAtMs <= latestNow(nowMs) + LEAVE_AFTER_MS

  async function takeIndex() {
    for (;;) {
      const index = pool !== undefined && takesSessions(pool, clock.now()) ? pool.indices.pop() : undefined
      if (pool !== undefined && index !== undefined) return { listId: pool.listId, index, leaveAtMs: pool.leaveAtMs }
      claiming ??= refill().finally(() => {
        claiming = undefined
      })
      await claiming
    }
  }

  return {
    takeIndex,
    giveBack({ listId, index }) {
      if (pool?.listId === listId) pool.indices.push(index)
    },
  }
}

/** Room for twice what the last list handed out in its 24 h, or would have at its pace, had it not been full before. */
function sizeAfter({ openedAtMs, size, claimedBlocks }: UsedStatusList, nowMs: number): number {
  const handedOut = claimedBlocks * (size / BLOCKS)
  const takenForMs = Math.min(Math.max(nowMs - openedAtMs, 1), LEAVE_AFTER_MS)
  const wanted = (2 * handedOut * LEAVE_AFTER_MS) / takenForMs
  return Math.min(Math.max(2 ** Math.ceil(Math.log2(wanted)), SMALLEST_SIZE), LARGEST_SIZE)
}

interface Block {
  readonly listId: string
  readonly leaveAtMs: number
  /** The next one last. */
  readonly indices: number[]
}

/** In random order (Fisher and Yates), so that an index tells nothing about who signed in before whom. */
function shuffledBlock(randomness: Randomness, block: number, blockSize: number): number[] {
  const indices = Array.from({ length: blockSize }, (_, offset) => block * blockSize + offset)
  for (let last = blockSize - 1; last > 0; last -= 1) {
    const other = randomness.bytes(4).readUInt32BE() % (last + 1)
    ;[indices[last], indices[other]] = [indices[other] ?? 0, indices[last] ?? 0]
  }
  return indices
}
