/** Whether the clock of this machine is behind what was written by it. */
import { type Clock, isoTime } from '../clock.ts'

/** Which of the two it is can't be told from what is stored. */
const REMEDIES =
  'If the clock is behind, set it. If it is right, it was ahead when that was written: nothing waits for that time to come, but ' +
  'what was issued meanwhile works for as much longer. To end that, run: signet keys revoke --all --reason …, signet sessions revoke, ' +
  'and give new client secrets and API keys in the place of those that were made then.'

/** It may be this much behind what was written last. */
const SLACK_MS = 60_000

export function createClockChecks(
  openDatabase: () => Promise<{
    readonly lastEventAtMs: () => Promise<number | undefined>
    readonly lastSealAtMs: () => Promise<number | undefined>
  }>,
  clock: Clock,
) {
  const isOfTheFuture = (atMs: number | undefined): atMs is number =>
    atMs !== undefined && atMs > clock.now() + SLACK_MS

  async function warning(): Promise<string | undefined> {
    const lastMs = await (await openDatabase()).lastEventAtMs()
    if (!isOfTheFuture(lastMs)) return undefined
    return `The clock says ${isoTime(clock.now())}, and the last event is of ${isoTime(lastMs)}. ${REMEDIES}`
  }

  /** Once a service has run by this clock, whoever looks has set it, or knows that it is right. */
  async function problem(): Promise<string | undefined> {
    const sealedAtMs = await (await openDatabase()).lastSealAtMs()
    return sealedAtMs === undefined || isOfTheFuture(sealedAtMs) ? warning() : undefined
  }

  return { problem, warning }
}
