/** The single mint (RFC 6749 §5.1): it signs first and then makes the session change in one write, so that a fault of ours consumes nothing. */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.ts'
import type { HeldStatus } from '../records/status-list.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import type { AccessTokenContent } from './access-token.ts'
import type { Authorization } from './authorization.ts'
import { invalidClient } from './oauth-error.ts'
import { encodeRefreshToken, type RefreshToken, successorOf } from './sessions/refresh-token.ts'
import type { SessionChange, SessionOutcome, SessionWriter, SignedToken } from './sessions/session-writer.ts'
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

/** The rights of the user, or the index of the session, changed since the grant looked. Nothing has happened: it must look again. */
export class Moved extends Error {
  override readonly name = 'Moved'
}

/** @throws Moved; OAuthError when the grant no longer holds */
export type IssueTokens = (authorization: Authorization) => Promise<TokenResponse>

const sessionOf = (change: SessionChange) => (change.kind === 'start' ? change.session : change.family)

/** What the session holds before the token: a new one has no index yet. */
const heldBy = (change: SessionChange): HeldStatus =>
  change.kind === 'start' ? { current: undefined, previousStatus: undefined } : change.family.held

/**
 * Whether something was taken from the user while the password was hashed and the token signed. Who takes a permission away takes
 * the index from every session, and a refresh notices that; a session without an index has to look for itself.
 */
async function rightsChanged(stores: Stores, { change, subject }: Authorization): Promise<boolean> {
  if (heldBy(change).current !== undefined) return false
  return !isDeepStrictEqual(await stores.users.rolesOf(subject.userId), subject.roles)
}

/** The next one of the family; of a request that is repeated, the same as the first time, from the stored salt. */
function refreshTokenAfter(change: SessionChange, outcome: SessionOutcome): RefreshToken | undefined {
  if (change.kind === 'start') return change.refreshToken
  return outcome.kind === 'repeated' ? successorOf(change.presented, outcome.salt) : change.next
}

export function createTokenIssuer(dependencies: {
  readonly mintAccessToken: (content: AccessTokenContent) => Promise<string>
  readonly chooseStatus: ChooseStatus
  readonly gate: Gate
  readonly sessionWriter: SessionWriter
  readonly write: Write
  readonly clock: Clock
}): IssueTokens {
  const { mintAccessToken, chooseStatus, gate, sessionWriter, write, clock } = dependencies

  /** Answers what the gate refused, or what became of the session. Nothing is undone by a refusal: a reuse that was found stays found. */
  const commit = (authorization: Authorization, token: SignedToken): Promise<'user' | 'client' | SessionOutcome> =>
    write(async stores => {
      const { client, subject, change, provenance } = authorization
      const parties = { userId: subject.userId, clientId: client.id }
      const checked = { passwordId: subject.checkedPasswordId, clientSecretId: client.checkedSecretId }
      const refused = await gate(stores, parties, checked)
      if (refused === undefined && (await rightsChanged(stores, authorization))) return { kind: 'moved' }
      if (refused === undefined) return sessionWriter.apply(stores, change, token, { ...parties, provenance })
      const type = change.kind === 'start' ? 'user.sign_in' : 'session.refresh'
      await stores.audit.append({ type, outcome: 'failure', reason: `${refused}_changed`, ...parties, provenance })
      return refused
    })

  async function sign({ client, subject, granted, audience, change }: Authorization) {
    const lifetime = client.accessTokenTtl
    const issuedAtMs = clock.now()
    const held = heldBy(change)
    const session = sessionOf(change)
    const status = await chooseStatus(held, issuedAtMs, lifetime)
    const accessToken = await mintAccessToken({
      subject: subject.userId,
      audience,
      clientId: client.clientId,
      scope: granted.scope,
      roles: granted.roles,
      sessionId: session.id,
      status,
      authTimeSeconds: session.authTimeSeconds,
      issuedAtMs,
      lifetime,
    })
    return { accessToken, held, status, expiresAtMs: issuedAtMs + lifetime * 1000 }
  }

  return async authorization => {
    const { client, granted, change } = authorization
    const { accessToken, ...token } = await sign(authorization)
    const outcome = await commit(authorization, token)
    if (outcome === 'client') throw invalidClient()
    if (outcome === 'user' || outcome.kind === 'lost') throw authorization.refusal
    if (outcome.kind === 'moved') throw new Moved('What the token depends on has changed.')
    const refreshToken = refreshTokenAfter(change, outcome)
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: client.accessTokenTtl,
      ...(granted.scope.length > 0 && { scope: granted.scope.join(' ') }),
      ...(refreshToken !== undefined && { refresh_token: encodeRefreshToken(refreshToken) }),
    }
  }
}
