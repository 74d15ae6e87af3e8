/** Refreshing an access token (RFC 6749 §6), with rotation (RFC 9700 §4.14.2) that a lost response does not break. */
import type { Clock } from '../../clock.ts'
import type { Randomness } from '../../randomness.ts'
import { liesAhead } from '../../records/ahead.ts'
import { findAudience } from '../../records/audience.ts'
import type { Provenance, RecordEvent } from '../../records/audit-event.ts'
import { hashOf } from '../../records/opaque-token.ts'
import type { RefreshFamily, Rotation, SessionReader } from '../../records/session.ts'
import { isActive } from '../../records/standing.ts'
import type { Write } from '../../records/unit-of-work.ts'
import type { Authorization, Grant, TokenRequest } from '../authorization.ts'
import type { AuthenticatedClient } from '../client-authentication/client-authentication.ts'
import { needed } from '../form.ts'
import { audited, TemporarilyUnavailable } from '../oauth-error.ts'
import { Moved } from '../proofs.ts'
import { auditRefusal } from '../refusals.ts'
import { assertWithin, narrowToRoles, selectAudience, usableAt, within } from '../scope.ts'
import { REFRESH_TOKEN } from '../sessions/new-session.ts'
import { judgeUse, parseRefreshToken, type RefreshToken, successorOf, type Use } from '../sessions/refresh-token.ts'
import type { SessionChange } from '../sessions/session-changes.ts'
import type { SessionEnds } from '../sessions/session-ends.ts'

const REUSE = 'reuse'
const refusal = audited('invalid_grant', 'The refresh token is unknown, expired, revoked or was already used.')

const refreshOf = ({ id, subjectId, clientId }: RefreshFamily, provenance: Provenance) =>
  ({ type: 'session.refresh', userId: subjectId, clientId, sessionId: id, provenance }) as const

export function createRefreshTokenGrant(dependencies: {
  readonly issuer: string
  readonly sessionReader: SessionReader
  readonly ends: SessionEnds
  readonly write: Write
  readonly recordEvent: RecordEvent
  readonly clock: Clock
  readonly randomness: Randomness
  /** Seconds. */
  readonly refreshIdleTtl: number
  readonly refreshAbsoluteTtl: number
  readonly refreshGrace: number
}): Grant {
  const { issuer, sessionReader, ends, write, recordEvent, clock, randomness } = dependencies
  const { refreshIdleTtl, refreshAbsoluteTtl, refreshGrace } = dependencies

  const judge = (family: RefreshFamily, hash: string): Use => judgeUse(family, hash, clock.now(), refreshGrace * 1000)

  /**
   * Two parties hold this family: it ends for both (RFC 9700 §4.14.2). Nothing takes that back, so it is judged by what is stored
   * when it is written, whatever was read before.
   * @throws Moved when the token is good after all
   */
  async function endForReuse({ handle, secret }: RefreshToken, provenance: Provenance): Promise<void> {
    const isGood = await write(async stores => {
      const family = await stores.sessions.findFamily(hashOf(handle))
      const use = family && judge(family, hashOf(secret))
      if (family === undefined || use !== REUSE) return use === 'current' || use === 'repeat'
      const { id: sessionId, subjectId, clientId } = family
      await ends.end(stores, { sessionId, subjectId, clientId }, 'refresh_token_reuse', provenance)
      return false
    })
    if (isGood) throw new Moved('The refresh token is good after all.')
  }

  /**
   * Why the token is not good; undefined when its secret is the current one or the one before. That it was good when the request read the row
   * first is known: the time that the request took since must not turn a repetition into a reuse, nor a slow answer log anybody out.
   */
  function problemOf(family: RefreshFamily, hash: string, { prove }: TokenRequest): string | undefined {
    const first = prove('refresh_token', () => judge(family, hash))
    const wasGood = first === 'current' || first === 'repeat'
    const use = judge(family, hash)
    if (use === 'ended') return 'session_over'
    if (use === 'reuse' && !wasGood) return REUSE
    if (use === 'reuse' && hash !== family.previousHash)
      throw new TemporarilyUnavailable('The refresh token was used again and again while this request waited.')
    // Of somebody who is disabled, the cascade that ends this session is on its way.
    return isActive(family.subjectStatus) ? undefined : `user_${family.subjectStatus}`
  }

  /** Refuses a token that is not good any more, as that of a thief who comes late; one that two parties hold ends its family. */
  async function refuse(
    family: RefreshFamily,
    presented: RefreshToken,
    reason: string,
    provenance: Provenance,
  ): Promise<never> {
    if (reason === REUSE) await endForReuse(presented, provenance)
    else recordEvent({ ...refreshOf(family, provenance), outcome: 'failure', reason })
    throw refusal
  }

  /** Within what the sign-in had. */
  function grantTo(
    family: RefreshFamily,
    client: AuthenticatedClient,
    { scope, resource, provenance }: TokenRequest,
  ): Pick<Authorization, 'granted' | 'audience'> {
    try {
      assertWithin(family.scope, scope)
      const allowed = family.audiences.flatMap(audience => findAudience(client.audiences, audience) ?? [])
      const audience = selectAudience(allowed, resource)
      const limits = [within(client.scope), within(family.scope), usableAt(audience, issuer)]
      return { granted: narrowToRoles(scope, limits, family.subjectRoles), audience }
    } catch (error) {
      return auditRefusal(recordEvent, refreshOf(family, provenance), error)
    }
  }

  /** A session that began while the clock was ahead would end as far ahead: it counts as begun when it is first refreshed. */
  const endOf = ({ createdAtMs, absoluteExpiresAtMs }: RefreshFamily, nowMs: number): number =>
    liesAhead(createdAtMs, nowMs)
      ? Math.min(absoluteExpiresAtMs, nowMs + refreshAbsoluteTtl * 1000)
      : absoluteExpiresAtMs

  function rotate(
    family: RefreshFamily,
    presented: RefreshToken,
    currentHash: string,
    { address, userAgent }: Provenance,
  ): SessionChange {
    const salt = randomness.bytes(16).toString('base64url')
    const refreshToken = successorOf(presented, salt)
    const nowMs = clock.now()
    const absoluteExpiresAtMs = endOf(family, nowMs)
    const expiresAtMs = Math.min(nowMs + refreshIdleTtl * 1000, absoluteExpiresAtMs)
    const nextHash = hashOf(refreshToken.secret)
    const rotation: Rotation = { currentHash, nextHash, salt, expiresAtMs, absoluteExpiresAtMs, address, userAgent }
    return { kind: 'rotate', row: family, rotation, refreshToken }
  }

  /** The same successor as the first time, from the stored salt. */
  const repeat = (family: RefreshFamily, presented: RefreshToken, previousHash: string): SessionChange => ({
    kind: 'extend',
    row: family,
    subjectRevision: null,
    previousHash,
    refreshToken: successorOf(presented, family.salt as string),
  })

  return {
    grantType: REFRESH_TOKEN,
    async authorize(request, client): Promise<Authorization> {
      const { provenance } = request
      const presented = parseRefreshToken(needed(request.parameters, 'refresh_token').refresh_token)
      if (presented === undefined) throw refusal
      const family = await sessionReader.findFamily(hashOf(presented.handle))
      // Another client's token, known or not: nothing happens.
      if (family === undefined || family.clientId !== client.id) {
        const reason = family === undefined ? 'unknown_token' : 'token_of_another_client'
        recordEvent({ type: 'session.refresh', outcome: 'failure', reason, clientId: client.id, provenance })
        throw refusal
      }
      const hash = hashOf(presented.secret)
      const problem = problemOf(family, hash, request)
      if (problem !== undefined) return refuse(family, presented, problem, provenance)
      const { granted, audience } = grantTo(family, client, request)
      const isCurrent = hash === family.currentHash
      const change = isCurrent ? rotate(family, presented, hash, provenance) : repeat(family, presented, hash)
      return { client, granted, audience, change, provenance }
    },
  }
}
