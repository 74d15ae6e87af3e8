/**
 * Which index of which Token Status List (draft-ietf-oauth-status-list) an access token carries. All access tokens of a session
 * share one, which lies in the session's row, so that issuing a token writes nothing for it. Indices are handed out in random order
 * from blocks: a process claims a whole block, so that two processes never share an index and a sign-in waits for no other write.
 */
import type { Clock } from '../../clock.ts'
import type { Randomness } from '../../randomness.ts'
import {
  CLOCK_TOLERANCE_SECONDS,
  LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS,
  LONGEST_REFRESH_GRACE_SECONDS,
} from '../../records/limits.ts'
import type {
  HeldStatus,
  Moment,
  Revocation,
  SessionStatus,
  StatusReference,
  UsedStatus,
} from '../../records/status-list.ts'
import { StorageUnavailable, type Write } from '../../records/unit-of-work.ts'

/** Entries of a list. */
export const LIST_SIZE = 2 ** 20
const BLOCK_SIZE = 2 ** 10
const BLOCKS = LIST_SIZE / BLOCK_SIZE

/** Sessions leave a list of this age. */
const LEAVE_AFTER_MS = 24 * 3_600_000
const LONGEST_LIFETIME_MS = LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS * 1000
/** Between reading the row and answering: a retry that came in the last moment of the grace is signed a little later. */
const ISSUING_MS = 10_000
const CLOCK_TOLERANCE_MS = CLOCK_TOLERANCE_SECONDS * 1000
const LONGEST_GRACE_MS = LONGEST_REFRESH_GRACE_SECONDS * 1000
const SLACK_MS = LONGEST_GRACE_MS + ISSUING_MS + CLOCK_TOLERANCE_MS
/** After the last session has left a list, nothing that points to it is alive for longer than this. */
const AFTERLIFE_MS = LONGEST_LIFETIME_MS + SLACK_MS

export const momentOf = (nowMs: number): Moment => ({ nowMs, deadMs: nowMs - CLOCK_TOLERANCE_MS })

/** Whether a verifier, whose clock may be slow, could accept a token with this index. */
export const isAlive = ({ lastExpiryMs }: UsedStatus, nowMs: number): boolean => lastExpiryMs > momentOf(nowMs).deadMs

/** What to remember so that no token is accepted which carries one of these. Nothing, when all of them have expired. */
export const revocationsOf = (held: readonly HeldStatus[], nowMs: number): readonly Revocation[] =>
  held
    .flatMap(({ current, previousStatus }) => [current, previousStatus])
    .filter(used => used !== undefined)
    .filter(used => isAlive(used, nowMs))
    .map(({ listId, index, lastExpiryMs }) => ({ listId, index, untilMs: lastExpiryMs + CLOCK_TOLERANCE_MS }))

export const isSameReference = (a: StatusReference | undefined, b: StatusReference | undefined): boolean =>
  a?.listId === b?.listId && a?.index === b?.index

/**
 * Answers the index that a session's next access token carries, and until when this token may be repeated and live.
 * @param lifetime of the access token, in seconds
 */
export type ChooseStatus = (held: HeldStatus, issuedAtMs: number, lifetime: number) => Promise<SessionStatus>

export function createStatusIndices(dependencies: {
  readonly write: Write
  readonly clock: Clock
  readonly randomness: Randomness
  /** Seconds. */
  readonly refreshGrace: number
}): ChooseStatus {
  const { write, clock, randomness, refreshGrace } = dependencies
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

  async function take(): Promise<Omit<SessionStatus, 'lastExpiryMs'>> {
    for (;;) {
      const index = pool !== undefined && pool.leaveAtMs > clock.now() ? pool.indices.pop() : undefined
      if (pool !== undefined && index !== undefined) return { listId: pool.listId, index, leaveAtMs: pool.leaveAtMs }
      claiming ??= refill().finally(() => {
        claiming = undefined
      })
      await claiming
    }
  }

  return async ({ current, previousStatus }, issuedAtMs, lifetime) => {
    const lastExpiryMs = issuedAtMs + (lifetime + refreshGrace) * 1000 + ISSUING_MS
    // The row has room for one earlier index.
    const staysPut = previousStatus !== undefined && isAlive(previousStatus, issuedAtMs)
    if (current !== undefined && (current.leaveAtMs > issuedAtMs || staysPut)) return { ...current, lastExpiryMs }
    return { ...(await take()), lastExpiryMs }
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
