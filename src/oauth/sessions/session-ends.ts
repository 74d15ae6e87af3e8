/**
 * How sessions end, and how access tokens do while their sessions go on: inside the write of the act that is the reason for it, as many
 * as one write may change. What is left is recorded in the same write, and cascades.ts goes on with it.
 */
import type { Clock } from '../../clock.ts'
import { orderedId, type Randomness } from '../../randomness.ts'
import type { Provenance } from '../../records/audit-event.ts'
import type { Cascade, CascadeChange, CascadeTarget } from '../../records/cascade.ts'
import { isClient } from '../../records/client.ts'
import type { ChangedSessions, SessionFilter } from '../../records/session.ts'
import type { HeldStatus, StatusReference } from '../../records/status-list.ts'
import type { Stores } from '../../records/unit-of-work.ts'
import { revocationsOf } from '../status-list/status-index.ts'

/** Which sessions, and the role because of which. */
type Target = SessionFilter & Pick<CascadeTarget, 'roleName'>

/** Sessions that one write changes: more would keep other writes waiting. */
const BATCH = 200

export interface Ended {
  /** How many. */
  readonly ended: number
  /** What goes on with the rest; undefined when there is none. */
  readonly cascadeId: string | undefined
}

export interface SessionEnds {
  /** Ends the first of them; the rest is recorded. */
  end(stores: Stores, filter: SessionFilter, reason: string, by: Provenance): Promise<Ended>
  /** Takes the index of the first of them; each goes on with its next refresh. The rest is recorded. */
  take(stores: Stores, target: Target, reason: string, by: Provenance): Promise<void>
  /** Only records it: who is concerned is looked for after this write is committed. */
  record(stores: Stores, change: CascadeChange, target: Target, reason: string, by: Provenance): Promise<void>
  /**
   * Takes this index of one session because an access token that carries it was revoked; false when somebody else has done so
   * meanwhile: what the session got after that is not what was to be revoked.
   */
  takeFromSession(stores: Stores, sessionId: string, holds: StatusReference): Promise<boolean>
  /** Ends these of one user: only for what is few. */
  endThese(stores: Stores, ids: readonly string[], of: SessionFilter, reason: string, by: Provenance): Promise<void>
  /** One batch: of those that end the first, of those that lose their index those after the cursor. */
  changeSome(
    stores: Stores,
    change: CascadeChange,
    filter: SessionFilter,
    cursor: string,
    reason: string,
    by: Provenance,
  ): Promise<ChangedSessions>
}

export function createSessionEnds({
  clock,
  randomness,
}: {
  readonly clock: Clock
  readonly randomness: Randomness
}): SessionEnds {
  const revoke = (stores: Stores, held: readonly HeldStatus[]): Promise<void> =>
    stores.revocations.add(revocationsOf(held, clock.now()))

  async function record(stores: Stores, what: Omit<Cascade, 'id'>): Promise<string> {
    const id = orderedId(randomness, clock.now(), 'cascade')
    await stores.cascades.insert({ ...what, id })
    return id
  }

  /** Answers what the rows held: the caller revokes all of it at once and last, because lists are locked after sessions. */
  async function endSome(stores: Stores, filter: SessionFilter, reason: string, provenance: Provenance) {
    const ended = await stores.sessions.end(filter, { afterId: '', limit: BATCH }, reason, clock.now())
    if (ended.ids.length === 0) return ended
    const who = await whose(stores, filter)
    const event = { type: 'session.end', outcome: 'success', reason, count: ended.ids.length } as const
    await stores.audit.append({ ...event, ...who, provenance })
    return ended
  }

  const changeSome: SessionEnds['changeSome'] = async (stores, change, filter, cursor, reason, by) => {
    const changed =
      change === 'end'
        ? await endSome(stores, filter, reason, by)
        : await stores.sessions.take(filter, { afterId: cursor, limit: BATCH })
    await revoke(stores, changed.held)
    return changed
  }

  /** As much as one write may do; the rest is recorded with where it goes on. */
  async function changeFirst(
    stores: Stores,
    change: CascadeChange,
    target: Target,
    reason: string,
    by: Provenance,
  ): Promise<Ended> {
    const { ids } = await changeSome(stores, change, target, '', reason, by)
    const done = ids.length
    if (target.sessionId !== undefined) return { ended: done, cascadeId: undefined }
    const cursor = ids.at(-1) ?? ''
    // A batch that is not full is no sign of the end: somebody else may have ended one of them meanwhile.
    const mayBeMore = await stores.sessions.hasOpen(target, change === 'end' ? '' : cursor)
    const cascadeId = mayBeMore ? await record(stores, { change, target, reason, cursor, done, by }) : undefined
    return { ended: done, cascadeId }
  }

  return {
    end: (stores, filter, reason, by) => changeFirst(stores, 'end', filter, reason, by),

    async take(stores, target, reason, by) {
      await changeFirst(stores, 'take', target, reason, by)
    },

    async record(stores, change, target, reason, by) {
      await record(stores, { change, target, reason, cursor: '', done: 0, by })
    },

    async takeFromSession(stores, sessionId, holds) {
      const { held } = await stores.sessions.take({ sessionId, holds }, { afterId: '', limit: 1 }, clock.now())
      await revoke(stores, held)
      return held.length > 0
    },

    async endThese(stores, ids, of, reason, by) {
      const held: HeldStatus[] = []
      for (const sessionId of ids) held.push(...(await endSome(stores, { ...of, sessionId }, reason, by)).held)
      await revoke(stores, held)
    },

    changeSome,
  }
}

/** Whom the audit names: of a single session also what nobody had to say to find it. */
async function whose(stores: Stores, { subjectId, clientId, sessionId, credentialId }: SessionFilter) {
  const isKnown = sessionId === undefined || (subjectId !== undefined && clientId !== undefined)
  const session = isKnown ? undefined : await stores.sessions.find(sessionId)
  const subject = subjectId ?? session?.subjectId
  const party = clientId ?? session?.clientId
  const isMachine = subject !== undefined && isClient(subject)
  const known = {
    userId: isMachine ? undefined : subject,
    clientId: party ?? (isMachine ? subject : undefined),
    sessionId,
    target: credentialId,
  }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
}
