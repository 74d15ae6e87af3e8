/** Resource owner password credentials (RFC 6749 §4.3). Off unless a client is given it; RFC 9700 §2.4 says why. */
import { type Clock, toSeconds } from '../../clock.ts'
import { type Randomness, randomId } from '../../randomness.ts'
import type { Provenance, Write } from '../../unit-of-work.ts'
import type { Authorization, Grant } from '../authorization.ts'
import type { AuthenticatedClient } from '../client-authentication.ts'
import { invalidRequest, OAuthError } from '../oauth-error.ts'
import { hashOf, successorOf } from '../refresh-token.ts'
import { type Granted, narrowScope, parseScope, selectAudience } from '../scope.ts'
import type { NewSession, ResourceOwnerReader, Session } from '../stores.ts'
import { REFRESH_TOKEN } from './refresh-token.ts'

/** Checks a username and a password; undefined for every way in which they can be wrong. */
export type SignIn = (attempt: {
  username: string
  password: string
  clientId: string
  provenance: Provenance
}) => Promise<{ userId: string; passwordHash: string } | undefined>

const refusal = new OAuthError('invalid_grant', 'The username or the password is wrong.')

export function createPasswordGrant(dependencies: {
  readonly signIn: SignIn
  readonly users: ResourceOwnerReader
  readonly write: Write
  readonly clock: Clock
  readonly randomness: Randomness
  readonly lifetimes: {
    readonly accessTokenTtl: number
    readonly refreshIdleTtl: number
    readonly refreshAbsoluteTtl: number
  }
}): Grant {
  const { signIn, users, write, clock, randomness, lifetimes } = dependencies

  /** Without a refresh token the session is over with its only access token. */
  function newSession(session: Omit<Session, 'absoluteExpiresAtMs'>, mayRefresh: boolean, accessTokenTtl: number) {
    const nowMs = clock.now()
    const [idle, absolute] = mayRefresh
      ? [lifetimes.refreshIdleTtl, lifetimes.refreshAbsoluteTtl]
      : [accessTokenTtl, accessTokenTtl]
    const token = { handle: randomness.bytes(16).toString('hex'), secret: randomness.bytes(32).toString('hex') }
    const family = mayRefresh ? { handleHash: hashOf(token.handle), currentHash: hashOf(token.secret) } : undefined
    const row: NewSession = {
      ...session,
      family,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + idle * 1000,
      absoluteExpiresAtMs: nowMs + absolute * 1000,
    }
    return { row, token: mayRefresh ? token : undefined }
  }

  /** The password was right, and the audit says so even when the scope is refused: a guesser must not learn it unseen. */
  async function grantTo(
    userId: string,
    client: AuthenticatedClient,
    asked: readonly string[] | undefined,
    provenance: Provenance,
  ): Promise<Granted> {
    const roles = await users.rolesOf(userId)
    try {
      return narrowScope(asked, [client.scope], roles)
    } catch (error) {
      const event = { type: 'user.sign_in', outcome: 'failure', reason: 'invalid_scope' } as const
      await write(stores => stores.audit.append({ ...event, userId, clientId: client.id, provenance }))
      throw error
    }
  }

  return {
    grantType: 'password',
    async authorize({ parameters, provenance }, client): Promise<Authorization> {
      const { username, password } = parameters
      if (username === undefined || password === undefined) throw invalidRequest('username and password are needed.')
      const asked = parseScope(parameters['scope'])
      const audience = selectAudience(client.audiences, parameters['resource'])
      const signedIn = await signIn({ username, password, clientId: client.id, provenance })
      if (signedIn === undefined) throw refusal
      const { userId, passwordHash } = signedIn
      const granted = await grantTo(userId, client, asked, provenance)
      const session = {
        id: randomId(randomness, 'session'),
        userId,
        clientId: client.id,
        scope: granted.scope,
        audiences: [audience, ...client.audiences.filter(other => other !== audience)],
        authTimeSeconds: toSeconds(clock.now()),
      }
      const accessTokenTtl = client.accessTokenTtlSeconds ?? lifetimes.accessTokenTtl
      const { row, token } = newSession(session, client.grants.includes(REFRESH_TOKEN), accessTokenTtl)
      return {
        client,
        userId,
        granted,
        audience,
        sessionId: row.id,
        authTimeSeconds: row.authTimeSeconds,
        change: { kind: 'start', session: row },
        refreshToken: token && { next: token, derive: salt => successorOf(token, salt) },
        checkedPasswordHash: passwordHash,
        refusal,
        provenance,
      }
    },
  }
}
