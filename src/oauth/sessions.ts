/** Sessions: one sign-in on one device, and every change of one. Each function runs inside the write of the act it belongs to. */
import type { Clock } from '../clock.ts'
import type { Provenance, Stores } from '../unit-of-work.ts'
import { judgeUse } from './refresh-token.ts'
import type { NewSession, Rotation } from './stores.ts'

/** The change that goes with a token: a sign-in starts a session, a refresh rotates its family. */
export type SessionChange =
  | { readonly kind: 'start'; readonly session: NewSession }
  | { readonly kind: 'rotate'; readonly sessionId: string; readonly rotation: Rotation }

/** `started` and `rotated`: done. `repeated`: somebody rotated with the same secret a moment ago, with this salt. `lost`: refused. */
export type SessionOutcome =
  | { readonly kind: 'started' | 'rotated' | 'lost' }
  | { readonly kind: 'repeated'; readonly salt: string }

export interface Sessions {
  apply(
    stores: Stores,
    change: SessionChange,
    who: { userId: string; clientId: string; provenance: Provenance },
  ): Promise<SessionOutcome>
  /** Two parties hold this family: it ends for both (RFC 9700 §4.14.2). */
  endForReuse(stores: Stores, session: { id: string; userId: string; clientId: string }, by: Provenance): Promise<void>
  endAllOfUser(stores: Stores, userId: string, reason: string, by: Provenance): Promise<void>
  endAllOfClient(stores: Stores, clientId: string, reason: string, by: Provenance): Promise<void>
}

export function createSessions({
  clock,
  graceSeconds,
}: {
  readonly clock: Clock
  readonly graceSeconds: number
}): Sessions {
  const endForReuse: Sessions['endForReuse'] = async (stores, { id, userId, clientId }, provenance) => {
    const ended = await stores.sessions.end(id, 'refresh_token_reuse', clock.now())
    if (!ended) return
    const event = { type: 'session.end', outcome: 'success', reason: 'refresh_token_reuse' } as const
    await stores.audit.append({ ...event, userId, clientId, sessionId: id, provenance })
  }

  async function rotate(stores: Stores, rotation: Rotation): Promise<SessionOutcome> {
    if (await stores.sessions.rotate(rotation)) return { kind: 'rotated' }
    // It is a repetition, or somebody was faster, or the session ended since it was read. That the secret was good when it
    // arrived is known: the time that the signing and the waiting took since must not turn a repetition into a reuse.
    const family = await stores.sessions.findByHandleHash(rotation.handleHash)
    if (family === undefined) return { kind: 'lost' }
    const use = judgeUse({ ...family, rotatedAgoMs: 0 }, rotation.currentHash, rotation.nowMs, graceSeconds * 1000)
    return use === 'repeat' && family.salt !== null ? { kind: 'repeated', salt: family.salt } : { kind: 'lost' }
  }

  return {
    async apply(stores, change, { provenance, ...who }) {
      if (change.kind === 'start') {
        await stores.sessions.insert(change.session)
        const event = { type: 'user.sign_in', outcome: 'success', sessionId: change.session.id } as const
        await stores.audit.append({ ...event, ...who, provenance })
        return { kind: 'started' }
      }
      const outcome = await rotate(stores, change.rotation)
      const type = outcome.kind === 'repeated' ? 'session.repeat' : 'session.refresh'
      const result =
        outcome.kind === 'lost'
          ? ({ outcome: 'failure', reason: 'session_changed' } as const)
          : ({ outcome: 'success' } as const)
      await stores.audit.append({ type, ...result, sessionId: change.sessionId, ...who, provenance })
      return outcome
    },

    endForReuse,

    async endAllOfUser(stores, userId, reason, provenance) {
      const ended = await stores.sessions.endAllOfUser(userId, reason, clock.now())
      if (ended > 0) await stores.audit.append({ type: 'session.end', outcome: 'success', reason, userId, provenance })
    },

    async endAllOfClient(stores, clientId, reason, provenance) {
      const ended = await stores.sessions.endAllOfClient(clientId, reason, clock.now())
      if (ended > 0)
        await stores.audit.append({ type: 'session.end', outcome: 'success', reason, clientId, provenance })
    },
  }
}
