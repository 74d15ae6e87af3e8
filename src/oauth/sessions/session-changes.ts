/**
 * The change of a session's row that goes with a token (docs/adr/0017-every-token-hangs-on-one-row.md). A token is released after one of
 * four: `start` inserts the row, `rotate` puts the next refresh token in the place of the presented one, `extend` goes on with the row
 * as it is, and `none` is an `extend` whose token the row covers already, so that nothing is written. Each asks, at the write, whether
 * all is still as it was read; when it is not, nothing has happened and no token may be released.
 */
import type { Clock } from '../../clock.ts'
import type { Provenance, RecordEvent } from '../../records/audit-event.ts'
import { networkOf } from '../../records/network.ts'
import type { AsRead, Rotation, SessionReader, StoredSession } from '../../records/session.ts'
import type { HeldStatus } from '../../records/status-list.ts'
import type { Stores, Write } from '../../records/unit-of-work.ts'
import { isSameReference } from '../status-list/status-index.ts'
import { type Asking, isFirstUse } from './asking.ts'
import { eventOf } from './grant-events.ts'
import type { RefreshToken } from './refresh-token.ts'
import type { InsertSession, SignedToken, Start } from './session-starts.ts'

/** The next refresh token takes the place of the presented one. */
interface Rotate {
  readonly kind: 'rotate'
  /** As it was read. */
  readonly row: StoredSession
  readonly rotation: Rotation
  readonly refreshToken: RefreshToken
}

/** A machine asks again; or a refresh token whose answer may have been lost is presented again: the same answer, with a fresh access token. */
interface Extend {
  readonly kind: 'extend'
  readonly row: StoredSession
  /** Of a subject that is a client, as it was read. */
  readonly subjectRevision: number | null
  /** Of a refresh token that is presented again. */
  readonly previousHash: string | undefined
  readonly refreshToken: RefreshToken | undefined
}

export type SessionChange = Start | Rotate | Extend

/** Makes the change, in one write; false when something is no longer as it was read, and nothing was changed. */
export type ReleaseToken = (change: SessionChange, token: SignedToken, asking: Asking) => Promise<boolean>

/** What the row holds before the token: a new one has no index yet. */
export const heldBefore = (change: SessionChange): HeldStatus =>
  change.kind === 'start' ? { current: undefined, previousStatus: undefined } : change.row.held

const isFresh = (row: StoredSession, { status }: SignedToken): boolean => !isSameReference(row.held.current, status)

/** Whether whoever revokes the row revokes this token, too, though nothing more is written. */
const isCovered = (row: StoredSession, token: SignedToken): boolean =>
  !isFresh(row, token) && (row.held.current?.lastExpiryMs ?? 0) >= token.expiresAtMs

/** A token of a workload that is forgotten costs a look-up when it comes again. */
const MOST_TOLD = 10_000

export function createTokenRelease(dependencies: {
  readonly start: InsertSession
  readonly sessionReader: Pick<SessionReader, 'isAsRead'>
  readonly write: Write
  readonly recordEvent: RecordEvent
  readonly clock: Clock
  /** Whether each grant is audited, or of refreshes those from another network than the one before, and of a machine's those that are written. */
  readonly auditsEveryGrant: boolean
}): ReleaseToken {
  const { start, sessionReader, write, recordEvent, clock, auditsEveryGrant } = dependencies
  /** Hashes of workloads' tokens. */
  const told = new Set<string>()

  const asRead = ({ id, revision, subjectId }: StoredSession, { clientId, clientRevision }: Asking): AsRead => ({
    sessionId: id,
    revision,
    subjectId,
    subjectRevision: null,
    clientId,
    clientRevision,
    nowMs: clock.now(),
  })

  const isWorthAnEvent = (row: StoredSession, { address }: Provenance): boolean =>
    auditsEveryGrant || (row.address !== address && networkOf(row.address ?? '') !== networkOf(address ?? ''))

  function rotate({ row, rotation }: Rotate, token: SignedToken, asking: Asking): Promise<boolean> {
    const rotateRow = ({ sessions }: Stores) =>
      sessions.rotate(asRead(row, asking), rotation, token.status, isFresh(row, token))
    const isTold = isWorthAnEvent(row, asking.provenance)
    if (!isTold && !isNews(asking)) return write(rotateRow, 'one statement')
    return write(async stores => {
      if (!(await rotateRow(stores))) return false
      if ((await isFirstUse(stores, asking)) || isTold)
        await stores.audit.append(eventOf('session.refresh', row, asking))
      return true
    })
  }

  /** Nothing is written, so whoever repeats is counted. */
  async function repeat(row: StoredSession, read: AsRead, asking: Asking): Promise<boolean> {
    const isGood = await sessionReader.isAsRead(read)
    if (isGood) recordEvent(eventOf('session.repeat', row, asking))
    return isGood
  }

  /** Whether this process has not told yet that a workload's token was used. */
  const isNews = ({ assertion }: Asking): boolean => assertion?.issuer !== undefined && !told.has(assertion.hash)

  function tell({ assertion }: Asking): void {
    if (assertion === undefined) return
    if (told.size >= MOST_TOLD) told.clear()
    told.add(assertion.hash)
  }

  function extend({ row, subjectRevision, previousHash }: Extend, token: SignedToken, asking: Asking) {
    const read: AsRead = {
      ...asRead(row, asking),
      subjectRevision,
      ...(previousHash !== undefined && { previousHash }),
    }
    const isMachine = row.credentialId !== null
    const covered = isCovered(row, token)
    if (covered && !isMachine && !isNews(asking)) return repeat(row, read, asking)
    // A machine that asks again and again writes nothing.
    const isSilent = isMachine && !auditsEveryGrant
    if (covered && isSilent && !isNews(asking)) return sessionReader.isAsRead(read)
    return write(async stores => {
      // Of many requests of a machine that find its row due at once, the first writes it for all.
      const now = isMachine && !covered ? await stores.sessions.find(row.id) : row
      const coveredNow = now !== undefined && isCovered(now, token)
      const isGood = coveredNow
        ? await stores.sessions.isAsRead(read)
        : await stores.sessions.extend(read, token.status, isFresh(row, token))
      if (!isGood) return false
      const isFirst = await isFirstUse(stores, asking)
      if (isFirst || !coveredNow || !isSilent) await stores.audit.append(eventOf('session.repeat', row, asking))
      return true
    })
  }

  const make = (change: SessionChange, token: SignedToken, asking: Asking): Promise<boolean> => {
    if (change.kind === 'start') return start(change, token, asking)
    return change.kind === 'rotate' ? rotate(change, token, asking) : extend(change, token, asking)
  }

  return async (change, token, asking) => {
    if (asking.provedUntilMs <= clock.now()) return false
    const isMade = await make(change, token, asking)
    if (isMade) tell(asking)
    return isMade
  }
}
