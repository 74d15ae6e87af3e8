/** What must still be stored: sessions that go on, and what a verifier could still accept of those that ended. */

/** From the issue of an access token: it lives for 10 min, a repetition within the grace of 30 s may get one more, and 10 s are for issuing it. */
const LAST_EXPIRY_MS = (600 + 30 + 10) * 1000
/** As much as any verifier's clock may be slow. */
const TOLERANCE_MS = 5 * 60_000

export function createAlive() {
  /** When the newest access token of each session that goes on was issued. */
  const open = new Map<object, number>()
  /** Until when the sessions that ended are remembered. */
  let ended: number[] = []
  return {
    issue: (session: object, nowMs: number): void => void open.set(session, nowMs),
    end(session: object, nowMs: number): void {
      const untilMs = (open.get(session) ?? 0) + LAST_EXPIRY_MS + TOLERANCE_MS
      open.delete(session)
      if (untilMs > nowMs) ended.push(untilMs)
    },
    count(nowMs: number): { readonly sessions: number; readonly revocations: number } {
      ended = ended.filter(untilMs => untilMs > nowMs)
      return { sessions: open.size + ended.length, revocations: ended.length }
    },
  }
}
