/** The end of users' sessions by somebody else. How sessions end is not decided here: compose hands it in. */
import type { Clock } from '../clock.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { ListedSession, SessionFilter } from '../records/session.ts'
import type { Readers, Stores } from '../records/unit-of-work.ts'
import { assertMayActOnUser, assertMayEndOf, assertMayEndThrough, type By } from './authority.ts'
import { refusedMember } from './refused-member.ts'
import { type AccountError, assertNoProblem, notFound } from './rules.ts'

/** Whose sessions: what is given must both be true. */
export interface WhoseSessions {
  readonly userId?: string | undefined
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId?: string | undefined
}

/** Every act throws an AccountError when it is refused. */
export interface SessionEndings {
  /** Which sessions are meant; undefined when there is no such client. */
  filterOf(whose: WhoseSessions): Promise<SessionFilter | undefined>
  /** One sign-in. */
  endOne(sessionId: string, by: By<ListedSession>): Promise<void>
  /** Also what was given for API keys, and through a client what machines got; answers how many. */
  endAll(whose: WhoseSessions, by: By): Promise<number>
}

/** Ends every one, and answers how many. What `assertMay` throws, inside the write and before anything ends, is thrown. */
type EndSessions = (
  filter: SessionFilter,
  reason: string,
  by: Provenance,
  assertMay: (stores: Stores) => Promise<unknown>,
) => Promise<number>

const REASON = 'revoked_by_operator'

const unknown = (what: 'user' | 'client'): AccountError => refusedMember(`${what}_id`, notFound(what))

export function createSessionEndings(dependencies: {
  readonly read: Pick<Readers, 'clients'>
  readonly end: EndSessions
  readonly clock: Clock
}): SessionEndings {
  const { read, end, clock } = dependencies

  async function filterOf({ userId, clientId }: WhoseSessions): Promise<SessionFilter | undefined> {
    if (clientId === undefined) return { subjectId: userId }
    const client = await read.clients.findByClientId(clientId)
    return client && { subjectId: userId, clientId: client.id }
  }

  /** With a user it is about that user alone, whatever the client. */
  async function assertMayEndAll(stores: Stores, { subjectId, clientId }: SessionFilter, by: By): Promise<void> {
    if (subjectId !== undefined) {
      if ((await stores.users.findById(subjectId)) === undefined) throw unknown('user')
      return assertMayActOnUser(stores, by, await stores.users.rolesOf(subjectId))
    }
    const client = clientId === undefined ? undefined : await stores.clients.findById(clientId)
    if (client === undefined) throw unknown('client')
    return assertMayEndThrough(stores, by, client)
  }

  return {
    filterOf,

    async endOne(sessionId, by) {
      const which = { sessionId, signInsOnly: true }
      const ended = await end(which, REASON, by, async stores => {
        const [session] = await stores.sessions.list(which, clock.now(), 1)
        const granted = await stores.sessions.find(sessionId)
        if (session === undefined || granted === undefined) throw notFound('session')
        await assertMayEndOf(stores, by, granted.subjectId, granted.scope)
        by.expect?.(session)
      })
      // Somebody else ended it at the same moment.
      if (ended === 0) throw notFound('session')
    },

    async endAll(whose, by) {
      const isSaid = whose.userId !== undefined || whose.clientId !== undefined
      assertNoProblem(isSaid ? undefined : 'Say whose sessions: user_id, client_id or both.', '')
      const filter = await filterOf(whose)
      if (filter === undefined) throw unknown('client')
      return end(filter, REASON, by, stores => assertMayEndAll(stores, filter, by))
    },
  }
}
