/**
 * Which index of which Token Status List (draft-ietf-oauth-status-list) an access token carries. All access tokens of a session
 * share one, which lies in the session's row, so that issuing a token writes nothing for it.
 */
import { CLOCK_TOLERANCE_SECONDS, ISSUING_SECONDS, LONGEST_WRITTEN_AHEAD_SECONDS } from '../../records/limits.ts'
import type {
  HeldStatus,
  Moment,
  Revocation,
  SessionStatus,
  StatusReference,
  UsedStatus,
} from '../../records/status-list.ts'
import type { TakeIndex } from './index-allocation.ts'

const CLOCK_TOLERANCE_MS = CLOCK_TOLERANCE_SECONDS * 1000

export const momentOf = (nowMs: number): Moment => ({ nowMs, deadMs: nowMs - CLOCK_TOLERANCE_MS })

/** Whether a verifier, whose clock may be slow, could accept a token with this index. */
const isAlive = ({ lastExpiryMs }: UsedStatus, nowMs: number): boolean => lastExpiryMs > momentOf(nowMs).deadMs

/** What to remember so that no token is accepted which carries one of these. Nothing, when all of them have expired. */
export const revocationsOf = (held: readonly HeldStatus[], nowMs: number): readonly Revocation[] =>
  held
    .flatMap(({ current, previousStatus }) => [current, previousStatus])
    .filter(used => used !== undefined)
    .filter(used => isAlive(used, nowMs))
    .map(({ listId, index, lastExpiryMs }) => ({ listId, index, untilMs: lastExpiryMs + CLOCK_TOLERANCE_MS }))

export const isSameReference = (a: StatusReference | undefined, b: StatusReference | undefined): boolean =>
  a?.listId === b?.listId && a?.index === b?.index

/** Whose token it is. */
export type Asker = 'user' | 'machine'

/**
 * Answers the index that a session's next access token carries, and until when what is written of it covers: this token and its
 * repetition, or what a machine asks for in one more lifetime, so that its next grants write nothing.
 * @param lifetime of the access token, in seconds
 */
export type ChooseStatus = (
  held: HeldStatus,
  issuedAtMs: number,
  lifetime: number,
  asker: Asker,
) => Promise<SessionStatus>

export function createStatusIndices(dependencies: {
  readonly takeIndex: TakeIndex
  /** Seconds. */
  readonly refreshGrace: number
}): ChooseStatus {
  const { takeIndex, refreshGrace } = dependencies

  const writtenAhead = (asker: Asker, lifetime: number): number =>
    asker === 'machine' ? Math.min(lifetime, LONGEST_WRITTEN_AHEAD_SECONDS) : refreshGrace + ISSUING_SECONDS

  return async ({ current, previousStatus }, issuedAtMs, lifetime, asker) => {
    const lastExpiryMs = issuedAtMs + (lifetime + writtenAhead(asker, lifetime)) * 1000
    // The row has room for one earlier index.
    const staysPut = previousStatus !== undefined && isAlive(previousStatus, issuedAtMs)
    if (current !== undefined && (current.leaveAtMs > issuedAtMs || staysPut)) return { ...current, lastExpiryMs }
    return { ...(await takeIndex()), lastExpiryMs }
  }
}
