/** What was acknowledged, and what therefore must be, may be, and must not be answered. It knows nothing of how Signet works inside. */
import { claimsOf } from '../status-list.ts'
import type { Exchange, Journal } from './journal.ts'
import type { Sky } from './sky.ts'

/** Something that is done at some moment between the beginning of a request or command and its acknowledgement. */
export interface Act {
  begunAt: number
  /** Undefined: not yet, or nobody knows. */
  doneAt: number | undefined
}

export interface HeldToken {
  readonly text: string
  readonly kid: string
  /** List and index; siblings of a session share them. */
  readonly entry: string
  readonly listPath: string
  readonly index: number
  readonly expiresAtMs: number
}

export interface Session {
  readonly id: string
  readonly username: string
  refreshToken: string
  /** The newest of each entry. */
  readonly tokens: Map<string, HeldToken>
  /** Entries that are revoked, though the session goes on. */
  readonly taken: Map<string, Act>
  ended: Act | undefined
  /** The last few, to tell what happened. */
  readonly history: Exchange[]
}

const REMEMBERED = 6
/** Promise 2: so long after its acknowledgement, while the database answers, everybody must have noticed. */
export const NOTICED_WITHIN_MS = 10_000
/** An answer may be on its way when a token expires. */
const BEFORE_EXPIRY_MS = 5000

export type Oracle = ReturnType<typeof createOracle>

export function heldToken(text: string): HeldToken & { readonly sid: string } {
  const { sid, exp, status } = claimsOf(text)
  const { idx, uri } = status.status_list
  const { kid } = JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString())
  const listPath = new URL(uri).pathname
  return { text, sid, kid, entry: `${listPath}#${idx}`, listPath, index: idx, expiresAtMs: exp * 1000 }
}

export function createOracle(journal: Journal, sky: Sky) {
  const sessions: Session[] = []
  /** Keys that were revoked, by kid. */
  const keys = new Map<string, Act>()
  /** By user: what keeps them from signing in, and what undoes that. */
  const disabled = new Map<string, { readonly disable: Act; readonly enable: Act }[]>()
  /** By user: what ends all sessions. */
  const endings = new Map<string, Act[]>()

  /** Whether it was done so long before that it must have been noticed. */
  const isNoticed = (act: Act | undefined, sentAt: number): boolean =>
    act?.doneAt !== undefined &&
    act.doneAt + NOTICED_WITHIN_MS <= sentAt &&
    !sky.harmed('database', sentAt - NOTICED_WITHIN_MS, sentAt)

  const isDone = (act: Act | undefined, sentAt: number): boolean => act?.doneAt !== undefined && act.doneAt <= sentAt

  function remember(session: Session, exchange: Exchange): void {
    session.history.push(exchange)
    if (session.history.length > REMEMBERED) session.history.shift()
  }

  const violate = (session: Session, rule: string, what: string, exchange: Exchange): void =>
    journal.violate(rule, `${what} (session ${session.id} of ${session.username})`, [...session.history, exchange])

  function keep(session: Session, exchange: Exchange): void {
    const { access_token, refresh_token } = JSON.parse(exchange.body)
    const token = heldToken(access_token)
    session.refreshToken = refresh_token
    session.tokens.set(token.entry, token)
    if (isNoticed(keys.get(token.kid), exchange.sentAt))
      violate(session, 'a revoked key signs nothing', `a token signed by ${token.kid}, which was revoked`, exchange)
    remember(session, exchange)
  }

  return {
    sessions: (): readonly Session[] => sessions,
    keys,
    disabled,
    remember,
    violate,
    isNoticed,
    wrong: (rule: string, what: string, exchange: Exchange): void => journal.violate(rule, what, [exchange]),

    /** A sign-in was good. Where an operator's act was under way, nobody knows whether it reached the session. */
    signedIn(username: string, exchange: Exchange): Session {
      const { sid } = heldToken(JSON.parse(exchange.body).access_token)
      const session: Session = {
        ...{ id: sid, username, refreshToken: '', ended: undefined, history: [] },
        ...{ tokens: new Map(), taken: new Map() },
      }
      const { sentAt, answeredAt } = exchange
      for (const { disable, enable } of disabled.get(username) ?? [])
        if (isDone(disable, sentAt) && enable.begunAt > answeredAt)
          violate(session, 'a disabled user gets no token', `${username} signed in, though disabled`, exchange)
      if ((endings.get(username) ?? []).some(act => act.begunAt < answeredAt && !isDone(act, sentAt)))
        session.ended = { begunAt: sentAt, doneAt: undefined }
      sessions.push(session)
      keep(session, exchange)
      return session
    },

    /** Whether a sign-in may be refused. */
    mayBeRefused: (username: string, { sentAt, answeredAt }: Exchange): boolean =>
      (disabled.get(username) ?? []).some(
        ({ disable, enable }) => disable.begunAt < answeredAt && !isDone(enable, sentAt),
      ),

    refreshed(session: Session, exchange: Exchange): void {
      if (isDone(session.ended, exchange.sentAt))
        violate(session, 'what ended stays ended', 'a refresh is good after the session ended', exchange)
      keep(session, exchange)
    },

    /** @param firstLostAt when the token was sent first without an answer that says what became of it */
    refused(session: Session, exchange: Exchange, firstLostAt: number | undefined, graceMs: number): void {
      if (session.ended !== undefined) return
      if (firstLostAt !== undefined && exchange.answeredAt > firstLostAt + graceMs) return
      violate(session, 'an honest device goes on', 'a refresh is refused', exchange)
    },

    /** What introspection said of a token. */
    introspected(session: Session, token: HeldToken, exchange: Exchange): void {
      const { active } = JSON.parse(exchange.body)
      const { sentAt } = exchange
      const [taken, key] = [session.taken.get(token.entry), keys.get(token.kid)]
      if (active) {
        const isRevoked = isDone(session.ended, sentAt) || isDone(taken, sentAt) || isNoticed(key, sentAt)
        if (isRevoked) violate(session, 'what was revoked is inactive', `${token.entry} is active`, exchange)
        return
      }
      const mayBeInactive = session.ended ?? taken ?? key
      if (mayBeInactive === undefined && token.expiresAtMs > Date.now() + BEFORE_EXPIRY_MS)
        violate(session, 'what was not revoked is active', `${token.entry} is inactive`, exchange)
    },

    /**
     * Something that ends all sessions of a user begins. What it answers is called when that is acknowledged; it reached the sessions
     * that were acknowledged before it began.
     */
    endAll(username: string, act: Act): () => void {
      endings.set(username, [...(endings.get(username) ?? []), act])
      const reached = sessions.filter(session => session.username === username)
      for (const session of reached) session.ended ??= { begunAt: act.begunAt, doneAt: undefined }
      return () => {
        act.doneAt = performance.now()
        for (const { ended } of reached) if (ended) ended.doneAt ??= act.doneAt
      }
    },

    /** What has expired says nothing any more. */
    forget(): void {
      const nowMs = Date.now()
      for (const { tokens, taken } of sessions)
        for (const [entry, { expiresAtMs }] of tokens)
          if (expiresAtMs < nowMs) for (const map of [tokens, taken]) map.delete(entry)
      const isKept = ({ ended, tokens }: Session) => ended?.doneAt === undefined || tokens.size > 0
      sessions.splice(0, sessions.length, ...sessions.filter(isKept))
    },
  }
}
