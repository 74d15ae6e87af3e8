/** The single mint (RFC 6749 §5.1): it signs first and then makes the session change in one write, so that a fault of ours consumes nothing. */
import type { Clock } from '../clock.ts'
import type { Stores, Write } from '../unit-of-work.ts'
import type { AccessTokenContent } from './access-token.ts'
import type { Authorization } from './authorization.ts'
import { invalidClient } from './oauth-error.ts'
import { encodeRefreshToken, type RefreshToken } from './refresh-token.ts'
import type { SessionOutcome, Sessions } from './sessions.ts'

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

export function createTokenIssuer(dependencies: {
  readonly mintAccessToken: (content: AccessTokenContent) => Promise<string>
  readonly gate: Gate
  readonly sessions: Sessions
  readonly write: Write
  readonly clock: Clock
}): (authorization: Authorization) => Promise<TokenResponse> {
  const { mintAccessToken, gate, sessions, write, clock } = dependencies

  /** Answers what the gate refused, or what became of the session. Nothing is undone by a refusal: a reuse that was found stays found. */
  const commit = (authorization: Authorization): Promise<'user' | 'client' | SessionOutcome> =>
    write(async stores => {
      const { client, userId, checkedPasswordId, change, provenance } = authorization
      const parties = { userId, clientId: client.id }
      const checked = { passwordId: checkedPasswordId, clientSecretId: client.checkedSecretId }
      const refused = await gate(stores, parties, checked)
      if (refused === undefined) return sessions.apply(stores, change, { ...parties, provenance })
      const type = change.kind === 'start' ? 'user.sign_in' : 'session.refresh'
      await stores.audit.append({ type, outcome: 'failure', reason: `${refused}_changed`, ...parties, provenance })
      return refused
    })

  function refreshTokenAfter(outcome: SessionOutcome, { refreshToken }: Authorization): RefreshToken | undefined {
    return outcome.kind === 'repeated' ? refreshToken?.derive(outcome.salt) : refreshToken?.next
  }

  return async authorization => {
    const { client, granted, audience, sessionId, authTimeSeconds } = authorization
    const lifetime = client.accessTokenTtl
    const accessToken = await mintAccessToken({
      subject: authorization.userId,
      audience,
      clientId: client.clientId,
      scope: granted.scope,
      roles: granted.roles,
      sessionId,
      authTimeSeconds,
      issuedAtMs: clock.now(),
      lifetime,
    })
    const outcome = await commit(authorization)
    if (outcome === 'client') throw invalidClient()
    if (outcome === 'user' || outcome.kind === 'lost') throw authorization.refusal
    const refreshToken = refreshTokenAfter(outcome, authorization)
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: lifetime,
      ...(granted.scope.length > 0 && { scope: granted.scope.join(' ') }),
      ...(refreshToken !== undefined && { refresh_token: encodeRefreshToken(refreshToken) }),
    }
  }
}
