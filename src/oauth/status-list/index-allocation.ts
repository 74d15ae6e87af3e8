/**
 * Hands out the indices of Token Status Lists (draft-ietf-oauth-status-list), each once and in random order, from blocks: a process
 * claims a whole block, so that two processes never share an index and a sign-in waits for no other write.
 */
import type { Clock } from '../../clock.ts'
import type { Randomness } from '../../randomness.ts'
import {
  CLOCK_TOLERANCE_SECONDS,
  ISSUING_SECONDS,
  LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS,
  LONGEST_REFRESH_GRACE_SECONDS,
} from '../../records/limits.ts'
import type { SessionStatus } from '../../records/status-list.ts'
import { StorageUnavailable, type Write } from '../../records/unit-of-work.ts'

/** Entries of a list. */
export const LIST_SIZE = 2 ** 20
const BLOCK_SIZE = 2 ** 10
const BLOCKS = LIST_SIZE / BLOCK_SIZE

/** Sessions leave a list of this age. */
const LEAVE_AFTER_MS = 24 * 3_600_000
const SLACK_MS = (LONGEST_REFRESH_GRACE_SECONDS + ISSUING_SECONDS + CLOCK_TOLERANCE_SECONDS) * 1000
/** After the last session has left a list, nothing that points to it is alive for longer than this. */
const AFTERLIFE_MS = LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS * 1000 + SLACK_MS

/** An index that nobody had before, and when its session leaves the list. */
export type TakeIndex = () => Promise<Omit<SessionStatus, 'lastExpiryMs'>>

export function createIndexAllocation(dependencies: {
  readonly write: Write
  readonly clock: Clock
  readonly randomness: Randomness
}): TakeIndex {
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
      const claim = () => statusLists.claimBlock(BLOCKS, nowMs - LEAVE_AFTER_MS)
      const claimed = await claim()
      if (claimed !== undefined) return claimed
      const closed = await statusLists.close(BLOCKS, nowMs - LEAVE_AFTER_MS)
      const wasFull = closed !== undefined && closed.openedAtMs > nowMs - LEAVE_AFTER_MS
      const stayMs = LEAVE_AFTER_MS + (wasFull ? AFTERLIFE_MS : 2 * SLACK_MS)
      const id = randomness.bytes(8).toString('hex')
      await statusLists.open({ id, openedAtMs: nowMs, revision: 0, keepUntilMs: nowMs + stayMs + AFTERLIFE_MS })
      return claim()
    })

  async function refill(): Promise<void> {
    const claimed = await claimBlock()
    if (claimed === undefined) throw new StorageUnavailable('No block of a status list could be claimed.')
    const { list, block } = claimed
    const leaveAtMs = list.openedAtMs + LEAVE_AFTER_MS
    pool = { listId: list.id, leaveAtMs, indices: shuffledBlock(randomness, block) }
  }

  return async () => {
    for (;;) {
      const index = pool !== undefined && pool.leaveAtMs > clock.now() ? pool.indices.pop() : undefined
      if (pool !== undefined && index !== undefined) return { listId: pool.listId, index, leaveAtMs: pool.leaveAtMs }
      claiming ??= refill().finally(() => {
        claiming = undefined
      })
      await claiming
    }
  }
}

interface Block {
  readonly listId: string
  readonly leaveAtMs: number
  /** The next one last. */
  readonly indices: number[]
}

/** In random order (Fisher and Yates), so that an index tells nothing about who signed in before whom. */
function shuffledBlock(randomness: Randomness, block: number): number[] {
  const indices = Array.from({ length: BLOCK_SIZE }, (_, offset) => block * BLOCK_SIZE + offset)
  for (let last = BLOCK_SIZE - 1; last > 0; last -= 1) {
    const other = randomness.bytes(4).readUInt32BE() % (last + 1)
    ;[indices[last], indices[other]] = [indices[other] ?? 0, indices[last] ?? 0]
  }
  return indices
}
