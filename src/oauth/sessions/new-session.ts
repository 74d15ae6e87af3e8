/** What a sign-in starts: a session, and, if the client may refresh, its refresh token family. */
import { type Clock, toSeconds } from '../../clock.ts'
import { orderedId, type Randomness } from '../../randomness.ts'
import type { Client } from '../../records/client.ts'
import { hashOf } from '../../records/opaque-token.ts'
import { newRefreshToken, type RefreshToken } from './refresh-token.ts'
import type { SessionDraft } from './session-starts.ts'

export const REFRESH_TOKEN = 'refresh_token'

/** The client through which somebody signs in. */
interface SessionClient extends Pick<Client, 'id' | 'grants' | 'audiences'> {
  /** Seconds that its access tokens live. */
  readonly accessTokenTtl: number
}

export type StartSession = (signIn: {
  readonly userId: string
  readonly client: SessionClient
  readonly scope: readonly string[]
  /** The default of the session; the client's other audiences stay within reach of a refresh. */
  readonly audience: string
}) => { readonly session: SessionDraft; readonly refreshToken: RefreshToken | undefined }

export function createSessionStarter(dependencies: {
  readonly clock: Clock
  readonly randomness: Randomness
  /** Seconds. */
  readonly refreshIdleTtl: number
  readonly refreshAbsoluteTtl: number
}): StartSession {
  const { clock, randomness, refreshIdleTtl, refreshAbsoluteTtl } = dependencies
  return ({ userId, client, scope, audience }) => {
    const nowMs = clock.now()
    const refreshToken = client.grants.includes(REFRESH_TOKEN) ? newRefreshToken(randomness) : undefined
    // Without a refresh token the session is over with its only access token.
    const [idle, absolute] =
      refreshToken === undefined ? [client.accessTokenTtl, client.accessTokenTtl] : [refreshIdleTtl, refreshAbsoluteTtl]
    const session: SessionDraft = {
      id: orderedId(randomness, nowMs, 'session'),
      subjectId: userId,
      clientId: client.id,
      credentialId: null,
      scope,
      audiences: [audience, ...client.audiences.filter(other => other !== audience)],
      authTimeSeconds: toSeconds(nowMs),
      createdAtMs: nowMs,
      expiresAtMs: nowMs + idle * 1000,
      absoluteExpiresAtMs: nowMs + absolute * 1000,
      family: refreshToken && {
        handleHash: hashOf(refreshToken.handle),
        currentHash: hashOf(refreshToken.secret),
      },
    }
    return { session, refreshToken }
  }
}
