/** The single mint (RFC 6749 §5.1): it signs first and then makes the session change in one write, so that a fault of ours consumes nothing. */
import type { Clock } from '../clock.ts'
import { isApiKeyId } from '../records/api-key.ts'
import type { Session } from '../records/session.ts'
import type { AccessTokenContent } from './access-token.ts'
import type { Authorization } from './authorization.ts'
import { Moved } from './proofs.ts'
import { encodeRefreshToken } from './sessions/refresh-token.ts'
import { heldBefore, type ReleaseToken } from './sessions/session-changes.ts'
import type { IndexAllocation } from './status-list/index-allocation.ts'
import { type ChooseStatus, isSameReference } from './status-list/status-index.ts'

/** RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string
  /** Of an exchange (RFC 8693 §2.2.1). */
  readonly issued_token_type: string | undefined
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly scope: string | undefined
  readonly refresh_token: string | undefined
}

/** @throws Moved */
export type IssueTokens = (authorization: Authorization) => Promise<TokenResponse>

function askedBy({ id, authTimeSeconds, credentialId }: Session): AccessTokenContent['askedBy'] {
  if (credentialId === null) return { sid: id, auth_time: authTimeSeconds }
  return isApiKeyId(credentialId) ? { api_key_id: credentialId } : undefined
}

export function createTokenIssuer(dependencies: {
  readonly mintAccessToken: (content: AccessTokenContent) => Promise<string>
  readonly chooseStatus: ChooseStatus
  readonly giveBack: IndexAllocation['giveBack']
  readonly releaseToken: ReleaseToken
  readonly clock: Clock
}): IssueTokens {
  const { mintAccessToken, chooseStatus, giveBack, releaseToken, clock } = dependencies

  return async ({
    client,
    granted,
    audience,
    change,
    provenance,
    lifetime = client.accessTokenTtl,
    issuedTokenType,
  }) => {
    const issuedAtMs = clock.now()
    const session = change.kind === 'start' ? change.session : change.row
    const held = heldBefore(change)
    const status = await chooseStatus(held, issuedAtMs, lifetime, session.credentialId === null ? 'user' : 'machine')
    const scope = granted.scope.length > 0 ? granted.scope.join(' ') : undefined
    const accessToken = await mintAccessToken({
      subject: session.subjectId,
      audience,
      clientId: client.clientId,
      scope,
      roles: granted.roles,
      status,
      askedBy: askedBy(session),
      issuedAtMs,
      lifetime,
    })
    const token = { status, expiresAtMs: issuedAtMs + lifetime * 1000 }
    const { id: clientId, revision: clientRevision, provedUntilMs, assertion } = client
    const asking = { clientId, clientRevision, provedUntilMs, assertion, provenance }
    if (!(await releaseToken(change, token, asking))) {
      if (!isSameReference(held.current, status)) giveBack(status)
      throw new Moved('What the token depends on has changed.')
    }
    return {
      access_token: accessToken,
      issued_token_type: issuedTokenType,
      token_type: 'Bearer',
      expires_in: lifetime,
      scope,
      refresh_token: change.refreshToken && encodeRefreshToken(change.refreshToken),
    }
  }
}
