import type { Provenance } from '../records/audit-event.ts'
import type { GrantType } from '../records/client.ts'
import type { AuthenticatedClient, ClientRequest } from './client-authentication/client-authentication.ts'
import type { Granted } from './scope.ts'
import type { SessionChange } from './sessions/session-changes.ts'

/** What a grant answers: with what scope and audience, and which change of a session's row goes with it, which says for whom. */
export interface Authorization {
  readonly client: AuthenticatedClient
  readonly granted: Granted
  readonly audience: string
  readonly change: SessionChange
  readonly provenance: Provenance
  /** Seconds, where it is not the client's. */
  readonly lifetime?: number
  /** Of an exchange (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string
}

export interface TokenRequest extends ClientRequest {
  /** What was asked for by name (RFC 6749 §3.3); undefined: all that there is. */
  readonly scope: readonly string[] | undefined
  /** The audience that was asked for (RFC 8707 §2); undefined: the default. */
  readonly resource: string | undefined
  /** Takes what goes on beside the request and must be over before its answer, whatever that is. It must not fail. */
  readonly answersAfter: (work: Promise<unknown>) => void
}

/** A grant proves who is asking, and nothing else. */
export interface Grant {
  readonly grantType: GrantType
  authorize(request: TokenRequest, client: AuthenticatedClient): Promise<Authorization>
}
