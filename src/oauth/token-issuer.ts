/** The single mint (RFC 6749 §5.1): it signs first and then makes the session change in one write, so that a fault of ours consumes nothing. */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.ts'
import type { HeldStatus } from '../records/status-list.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import type { AccessTokenContent } from './access-token.ts'
import type { Authorization } from './authorization.ts'
import { invalidClient } from './oauth-error.ts'
import { encodeRefreshToken, type RefreshToken } from './sessions/refresh-token.ts'
import type { SessionChange, SessionOutcome, Sessions, SignedToken } from './sessions/sessions.ts'
import type { ChooseStatus } from './status-list/status-index.ts'

/** RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly scope?: string
  readonly refresh_token?: string
}

/** The one gate, asked inside the write: whose fault it is that no token may be given, or undefined. */
export type Gate = (
  stores: Stores,
  parties: { userId: string; clientId: string },
  checked: { passwordId: string | undefined; clientSecretId: string | undefined },
) => Promise<'user' | 'client' | undefined>

/** Undefined when the rights of the user, or the index of the session, changed since the grant looked: nothing has happened, and it must look again. */
export type IssueTokens = (authorization: Authorization) => Promise<TokenResponse | undefined>

/** What the session holds before the token: a new one has no index yet. */
const heldBy = (change: SessionChange): HeldStatus =>
  change.kind === 'rotate' ? change.held : { current: undefined, previousStatus: undefined }

/**
 * Whether something was taken from the user while the password was hashed and the token signed. Who takes a permission away takes
 * the index from every session, and a refresh notices that; a session without an index has to look for itself.
 */
async function rightsChanged(stores: Stores, { change, userId, roles }: Authorization): Promise<boolean> {
  if (heldBy(change).current !== undefined) return false
  return !isDeepStrictEqual(await stores.users.rolesOf(userId), roles)
}

export function createTokenIssuer(dependencies: {
  readonly mintAccessToken: (content: AccessTokenContent) => Promise<string>
  readonly chooseStatus: ChooseStatus
  readonly gate: Gate
  readonly sessions: Sessions
  readonly write: Write
  readonly clock: Clock
}): IssueTokens {
  const { mintAccessToken, chooseStatus, gate, sessions, write, clock } = dependencies

  /** Answers what the gate refused, or what became of the session. Nothing is undone by a refusal: a reuse that was found stays found. */
  const commit = (authorization: Authorization, token: SignedToken): Promise<'user' | 'client' | SessionOutcome> =>
    write(async stores => {
      const { client, userId, checkedPasswordId, change, provenance } = authorization
      const parties = { userId, clientId: client.id }
      const checked = { passwordId: checkedPasswordId, clientSecretId: client.checkedSecretId }
      const refused = await gate(stores, parties, checked)
      if (refused === undefined && (await rightsChanged(stores, authorization))) return { kind: 'moved' }
      if (refused === undefined) return sessions.apply(stores, change, token, { ...parties, provenance })
      const type = change.kind === 'start' ? 'user.sign_in' : 'session.refresh'
      await stores.audit.append({ type, outcome: 'failure', reason: `${refused}_changed`, ...parties, provenance })
      return refused
    })

  async function sign(authorization: Authorization): Promise<SignedToken & { accessToken: string }> {
    const { client, granted, change } = authorization
    const lifetime = client.accessTokenTtl
    const issuedAtMs = clock.now()
    const held = heldBy(change)
    const status = await chooseStatus(held, issuedAtMs, lifetime)
    const accessToken = await mintAccessToken({
      subject: authorization.userId,
      audience: authorization.audience,
      clientId: client.clientId,
      scope: granted.scope,
      roles: granted.roles,
      sessionId: authorization.sessionId,
      status,
      authTimeSeconds: authorization.authTimeSeconds,
      issuedAtMs,
      lifetime,
    })
    return { accessToken, held, status, expiresAtMs: issuedAtMs + lifetime * 1000 }
  }

  function refreshTokenAfter(outcome: SessionOutcome, { refreshToken }: Authorization): RefreshToken | undefined {
    return outcome.kind === 'repeated' ? refreshToken?.derive(outcome.salt) : refreshToken?.next
  }

  return async authorization => {
    const { client, granted } = authorization
    const { accessToken, ...token } = await sign(authorization)
    const outcome = await commit(authorization, token)
    if (outcome === 'client') throw invalidClient()
    if (outcome === 'user' || outcome.kind === 'lost') throw authorization.refusal
    if (outcome.kind === 'moved') return undefined
    const refreshToken = refreshTokenAfter(outcome, authorization)
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: client.accessTokenTtl,
      ...(granted.scope.length > 0 && { scope: granted.scope.join(' ') }),
      ...(refreshToken !== undefined && { refresh_token: encodeRefreshToken(refreshToken) }),
    }
  }
}
