import type { Provenance } from '../records/audit-event.ts'
import type { GrantType } from '../records/client.ts'
import type { Role } from '../records/role.ts'
import type { AuthenticatedClient, ClientRequest } from './client-authentication/client-authentication.ts'
import type { OAuthError } from './oauth-error.ts'
import type { Granted } from './scope.ts'
import type { SessionChange } from './sessions/session-writer.ts'

/** Whom the token speaks of (`sub` of RFC 9068 §2.2). */
export interface Subject {
  readonly kind: 'user'
  readonly userId: string
  /** As they were read for what is granted. */
  readonly roles: readonly Role[]
  /** The password that was checked, which must still be the stored one at the write. */
  readonly checkedPasswordId: string | undefined
}

/** What a grant answers: for whom, with what scope and audience, and which change of a session's row goes with it. */
export interface Authorization {
  readonly client: AuthenticatedClient
  readonly subject: Subject
  readonly granted: Granted
  readonly audience: string
  readonly change: SessionChange
  /** The answer when the grant no longer holds at the write. */
  readonly refusal: OAuthError
  readonly provenance: Provenance
}

export interface TokenRequest extends ClientRequest {
  /** What was asked for by name (RFC 6749 §3.3); undefined: all that there is. */
  readonly scope: readonly string[] | undefined
  /** The audience that was asked for (RFC 8707 §2); undefined: the default. */
  readonly resource: string | undefined
}

/** A grant proves who is asking, and nothing else. */
export interface Grant {
  readonly grantType: GrantType
  authorize(request: TokenRequest, client: AuthenticatedClient): Promise<Authorization>
}
