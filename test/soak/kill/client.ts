/** A client with some sessions. It believes what it was told, and repeats what it got no answer to before it does anything else. */
import { refreshForm, revokeForm, signInForm } from '../../../bench/accounts.ts'
import { type Answer, type Connection, ConnectionLost } from '../../../bench/connection.ts'
import { claimsOf } from '../../../bench/status-list.ts'
import type { ActKind, Ledger } from './ledger.ts'

export interface HeldAccessToken {
  readonly text: string
  readonly expiresAtMs: number
  readonly listId: string
  readonly index: number
  isRevoked: boolean
}

export interface HeldSession {
  readonly id: string
  /** The newest one that was acknowledged. */
  refreshToken: string
  readonly accessTokens: HeldAccessToken[]
  /** When an access token of it was revoked last. */
  takenAtMs: number
  isRevoked: boolean
}

interface Act {
  readonly kind: ActKind
  readonly session?: HeldSession
  readonly accessToken?: HeldAccessToken
}

export interface Client {
  /** Every session that has an access token which may live, revoked ones included. */
  sessions(): readonly HeldSession[]
  /** Whether what becomes of this session is not known, because an answer was lost. */
  isPending(session: HeldSession): boolean
  /** @throws ConnectionLost */
  refresh(connection: Connection, session: HeldSession): Promise<void>
  /** Repeats what was not answered, and then does this and that until the connection is lost. */
  work(connection: Connection): Promise<void>
  /** Repeats what was not answered. */
  settle(connection: Connection): Promise<void>
}

const MOST_SESSIONS = 6
/** A session gets a fresh index for a revoked access token at most once in it. */
const BETWEEN_FRESH_INDICES_MS = 60_000

/** What each act asks for. */
const requests: Record<ActKind, (act: Act) => readonly [path: string, form: string]> = {
  'sign-in': () => ['/oauth/token', signInForm()],
  refresh: ({ session }) => ['/oauth/token', refreshForm(session?.refreshToken ?? '')],
  'session revocation': ({ session }) => ['/oauth/revoke', revokeForm(session?.refreshToken ?? '')],
  'access token revocation': ({ accessToken }) => ['/oauth/revoke', revokeForm(accessToken?.text ?? '')],
}

function heldAccessToken(text: string): HeldAccessToken & { readonly sid: string } {
  const { sid, exp, status } = claimsOf(text)
  const { idx, uri } = status.status_list
  return { text, sid, expiresAtMs: exp * 1000, listId: uri.split('/').at(-1), index: idx, isRevoked: false }
}

/** @param random what the client decides by */
export function createClient(ledger: Ledger, random: () => number): Client {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  let held: HeldSession[] = []
  /** What got no answer. */
  let lost: Act | undefined

  const live = () => held.filter(({ isRevoked }) => !isRevoked)

  function keep({ body }: Answer, session?: HeldSession): void {
    const { access_token, refresh_token } = JSON.parse(body)
    const accessToken = heldAccessToken(access_token)
    const kept = session ?? { id: accessToken.sid, refreshToken: '', accessTokens: [], takenAtMs: 0, isRevoked: false }
    if (session === undefined) held.push(kept)
    kept.refreshToken = refresh_token
    kept.accessTokens.push(accessToken)
    ledger.see(`${accessToken.listId}#${accessToken.index}`, kept.id)
  }

  function believe({ kind, session, accessToken }: Act, answer: Answer): void {
    ledger.acknowledge(kind)
    if (kind === 'sign-in' || kind === 'refresh') keep(answer, session)
    else if (session !== undefined) markRevoked(session, accessToken)
  }

  /** Without an access token the whole session. The siblings of an access token carry the same index and end with it. */
  function markRevoked(session: HeldSession, accessToken: HeldAccessToken | undefined): void {
    session.isRevoked ||= accessToken === undefined
    session.takenAtMs = Date.now()
    for (const token of session.accessTokens)
      token.isRevoked ||=
        session.isRevoked || (token.listId === accessToken?.listId && token.index === accessToken.index)
  }

  /** @throws ConnectionLost */
  async function perform(connection: Connection, act: Act): Promise<void> {
    const [path, form] = requests[act.kind](act)
    const answer = await connection.post(path, form).catch(error => {
      lost = act
      throw error
    })
    if (answer.status === 200) return believe(act, answer)
    ledger.violate(`${act.kind} of ${act.session?.id}: ${answer.status} ${answer.body}`)
    held = held.filter(session => session !== act.session)
  }

  /** A sign-in is not repeated: the client just signs in again. */
  async function repeatWhatWasLost(connection: Connection): Promise<void> {
    const act = lost
    lost = undefined
    if (act === undefined) return
    ledger.repeat(act.kind)
    if (act.kind !== 'sign-in') await perform(connection, act)
  }

  function something(): Act {
    const sessions = live()
    const dice = random()
    if (sessions.length === 0 || (sessions.length < MOST_SESSIONS && dice < 0.1)) return { kind: 'sign-in' }
    const session = pick(sessions)
    if (dice < 0.75) return { kind: 'refresh', session }
    if (dice < 0.85) return { kind: 'session revocation', session }
    if (Date.now() < session.takenAtMs + BETWEEN_FRESH_INDICES_MS) return { kind: 'refresh', session }
    return { kind: 'access token revocation', session, accessToken: pick(session.accessTokens) }
  }

  /** Of what has expired, nothing is to be said any more. */
  function forget(): void {
    const nowMs = Date.now()
    for (const { accessTokens } of held) {
      const expired = accessTokens.findIndex(({ expiresAtMs }) => expiresAtMs > nowMs)
      accessTokens.splice(0, Math.max(0, Math.min(expired, accessTokens.length - 1)))
    }
    held = held.filter(({ isRevoked, accessTokens }) => !isRevoked || (accessTokens[0]?.expiresAtMs ?? 0) > nowMs)
  }

  return {
    sessions: () => held,
    isPending: session => lost?.session === session,
    refresh: (connection, session) => perform(connection, { kind: 'refresh', session }),
    async work(connection) {
      forget()
      try {
        await repeatWhatWasLost(connection)
        for (;;) await perform(connection, something())
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
    },
    settle: repeatWhatWasLost,
  }
}
