/** What becomes of the row of a session: a sign-in starts it, a refresh rotates it, and many acts end it. */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../clock.ts'
import type { Provenance } from '../../records/audit-event.ts'
import type { NewSession, RefreshFamily, Rotation, Session, SessionFilter } from '../../records/session.ts'
import type { HeldStatus, SessionStatus, StatusChange } from '../../records/status-list.ts'
import type { Stores } from '../../records/unit-of-work.ts'
import { isSameReference, revocationsOf } from '../status-list/status-index.ts'
import { judgeUse, type RefreshToken } from './refresh-token.ts'

/** A session before it has an index, and before anybody wrote down where it came from. */
export type SessionDraft = Omit<NewSession, 'status' | 'address' | 'userAgent'>

/** The change that goes with a token: a sign-in starts a session, a refresh rotates its family. */
export type SessionChange =
  | {
      readonly kind: 'start'
      readonly session: SessionDraft
      /** Undefined for a client that may not refresh. */
      readonly refreshToken: RefreshToken | undefined
    }
  | {
      readonly kind: 'rotate'
      /** As it was read. */
      readonly family: RefreshFamily
      readonly rotation: Rotation
      readonly presented: RefreshToken
      readonly next: RefreshToken
    }

/** The access token that waits to be delivered: the index that it carries, and what the row held when that was chosen. */
export interface SignedToken {
  readonly held: HeldStatus
  readonly status: SessionStatus
  readonly expiresAtMs: number
}

/**
 * `started` and `rotated`: done. `repeated`: somebody rotated with the same secret a moment ago, with this salt. `lost`: refused.
 * `moved`: the session has no longer the index that it had when the token was signed; nothing was changed.
 */
export type SessionOutcome =
  | { readonly kind: 'started' | 'rotated' | 'moved' | 'lost' }
  | { readonly kind: 'repeated'; readonly salt: string }

interface Parties {
  readonly userId: string
  readonly clientId: string
  readonly provenance: Provenance
}

/** Every change of a session. Each function runs inside the write of the act that it belongs to. */
export interface SessionWriter {
  apply(stores: Stores, change: SessionChange, token: SignedToken, who: Parties): Promise<SessionOutcome>
  /** Two parties hold this family: it ends for both (RFC 9700 §4.14.2). */
  endForReuse(stores: Stores, session: Session, by: Provenance): Promise<void>
  /** Ends as many of them as one write should, with their access tokens. */
  end(stores: Stores, filter: SessionFilter, reason: string, by: Provenance): Promise<EndedSessions>
  /** Ends every one of them in this write: only for what is few. */
  endAll(stores: Stores, filter: SessionFilter, reason: string, by: Provenance): Promise<void>
  /** Ends the access tokens of these sessions; each goes on with its next refresh. */
  endAccessTokens(stores: Stores, filters: readonly SessionFilter[]): Promise<void>
}

export interface EndedSessions {
  readonly ended: number
  readonly mayBeMore: boolean
}

/** Sessions that one write ends: more would keep other writes waiting. */
const BATCH = 200

export function createSessionWriter(dependencies: {
  readonly clock: Clock
  readonly graceSeconds: number
  /** Sessions that a user may have through one client. */
  readonly sessionLimit: number
}): SessionWriter {
  const { clock, graceSeconds, sessionLimit } = dependencies

  const revoke = (stores: Stores, held: readonly HeldStatus[]): Promise<void> =>
    stores.revocations.add(revocationsOf(held, clock.now()))

  /** Answers what the rows held: the caller revokes all of it at once and last, so that two writes never wait for each other. */
  async function endSome(stores: Stores, filter: SessionFilter, reason: string, provenance: Provenance) {
    const held = await stores.sessions.end(filter, reason, clock.now(), BATCH)
    if (held.length === 0) return held
    const who = await whose(stores, filter)
    await stores.audit.append({ type: 'session.end', outcome: 'success', reason, ...who, provenance })
    return held
  }

  const end: SessionWriter['end'] = async (stores, filter, reason, provenance) => {
    const held = await endSome(stores, filter, reason, provenance)
    await revoke(stores, held)
    return { ended: held.length, mayBeMore: held.length === BATCH }
  }

  /** Whom the audit names: of a single session also what nobody had to say to find it. */
  async function whose(stores: Stores, { userId, clientId, sessionId }: SessionFilter) {
    const isKnown = sessionId === undefined || (userId !== undefined && clientId !== undefined)
    const session = isKnown ? undefined : await stores.sessions.find(sessionId)
    const known = { userId: userId ?? session?.userId, clientId: clientId ?? session?.clientId, sessionId }
    return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
  }

  const filterOf = ({ id, userId, clientId }: Session): SessionFilter => ({ sessionId: id, userId, clientId })

  async function start(stores: Stores, session: SessionDraft, status: SessionStatus, who: Parties): Promise<void> {
    const { userId, clientId, provenance } = who
    const { address, userAgent } = provenance
    // There may be many more when the limit was lowered: the next sign-ins end the others.
    const idle = await stores.sessions.findIdle(userId, clientId, sessionLimit - 1, clock.now(), BATCH)
    const held: HeldStatus[] = []
    for (const sessionId of idle)
      held.push(...(await endSome(stores, { sessionId, userId, clientId }, 'session_limit', provenance)))
    await stores.sessions.insert({ ...session, status, address, userAgent })
    await stores.audit.append({ type: 'user.sign_in', outcome: 'success', sessionId: session.id, ...who })
    await revoke(stores, held)
  }

  /** A retry writes nothing, unless its token would outlive what the row says, or the row lost its index since. */
  async function repeat(
    stores: Stores,
    family: RefreshFamily,
    token: SignedToken,
    salt: string,
  ): Promise<SessionOutcome> {
    const { current } = family.held
    const covered = isSameReference(current, token.status) && (current?.lastExpiryMs ?? 0) >= token.expiresAtMs
    if (covered) return { kind: 'repeated', salt }
    if (!isSameReference(current, token.held.current)) return { kind: 'moved' }
    const isSet = await stores.sessions.setStatus(family.id, { before: family.held, after: token.status })
    return isSet ? { kind: 'repeated', salt } : { kind: 'moved' }
  }

  async function rotate(stores: Stores, rotation: Rotation, token: SignedToken): Promise<SessionOutcome> {
    const status: StatusChange = { before: token.held, after: token.status }
    if (await stores.sessions.rotate(rotation, status)) return { kind: 'rotated' }
    // It is a repetition, or somebody was faster, or the session ended since it was read. That the secret was good when it
    // arrived is known: the time that the signing and the waiting took since must not turn a repetition into a reuse.
    const family = await stores.sessions.findByHandleHash(rotation.handleHash)
    if (family === undefined) return { kind: 'lost' }
    const use = judgeUse({ ...family, rotatedAgoMs: 0 }, rotation.currentHash, rotation.nowMs, graceSeconds * 1000)
    if (use === 'repeat' && family.salt !== null) return repeat(stores, family, token, family.salt)
    // Also when a repetition got a token that lives longer: what is forgotten could not be revoked.
    const moved = use === 'current' && !isDeepStrictEqual(family.held.current, token.held.current)
    return moved ? { kind: 'moved' } : { kind: 'lost' }
  }

  return {
    async apply(stores, change, token, who) {
      if (change.kind === 'start') {
        await start(stores, change.session, token.status, who)
        return { kind: 'started' }
      }
      const outcome = await rotate(stores, change.rotation, token)
      if (outcome.kind === 'moved') return outcome
      const type = outcome.kind === 'repeated' ? 'session.repeat' : 'session.refresh'
      const result =
        outcome.kind === 'lost'
          ? ({ outcome: 'failure', reason: 'session_changed' } as const)
          : ({ outcome: 'success' } as const)
      await stores.audit.append({ type, ...result, sessionId: change.family.id, ...who })
      return outcome
    },

    async endForReuse(stores, session, provenance) {
      await end(stores, filterOf(session), 'refresh_token_reuse', provenance)
    },

    end,

    async endAll(stores, filter, reason, by) {
      const held: HeldStatus[] = []
      for (;;) {
        const some = await endSome(stores, filter, reason, by)
        held.push(...some)
        if (some.length < BATCH) return revoke(stores, held)
      }
    },

    async endAccessTokens(stores, filters) {
      const held: HeldStatus[] = []
      for (const filter of filters) held.push(...(await stores.sessions.takeStatus(filter)))
      await revoke(stores, held)
    },
  }
}
