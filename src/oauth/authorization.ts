import type { Provenance } from '../records/audit-event.ts'
import type { Role } from '../records/role.ts'
import type { AuthenticatedClient, ClientRequest } from './client-authentication/client-authentication.ts'
import type { OAuthError } from './oauth-error.ts'
import type { Granted } from './scope.ts'
import type { RefreshToken } from './sessions/refresh-token.ts'
import type { SessionChange } from './sessions/sessions.ts'

/** What a grant answers: who, for whom, with what scope and audience, and which session change goes with it. */
export interface Authorization {
  readonly client: AuthenticatedClient
  readonly userId: string
  readonly granted: Granted
  /** The user's roles, as they were read for `granted`. */
  readonly roles: readonly Role[]
  readonly audience: string
  readonly sessionId: string
  readonly authTimeSeconds: number
  readonly change: SessionChange
  /** Who the refresh token belongs to next; `derive` is asked again with the stored salt when a request is repeated. */
  readonly refreshToken: { readonly next: RefreshToken; readonly derive: (salt: string) => RefreshToken } | undefined
  /** The password that was checked, which must still be the stored one at the write. */
  readonly checkedPasswordId: string | undefined
  /** The answer when the grant no longer holds at the write. */
  readonly refusal: OAuthError
  readonly provenance: Provenance
}

/** A grant proves who is asking, and nothing else. */
export interface Grant {
  readonly grantType: string
  authorize(request: ClientRequest, client: AuthenticatedClient): Promise<Authorization>
}
