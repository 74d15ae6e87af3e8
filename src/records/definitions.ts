/** Roles, trusted issuers and clients as somebody wrote them down: what they are to be, whatever they are now. */
import type { ClientSettings } from './client.ts'
import type { ClientKeySource } from './client-key.ts'
import type { Condition } from './client-trust.ts'
import type { Role } from './role.ts'
import type { Status } from './standing.ts'
import type { IssuerSettings } from './trusted-issuer.ts'

/** Whole, as a client is. */
export interface DefinedIssuer extends IssuerSettings {
  readonly name: string
}

export interface DefinedTrust {
  readonly issuerName: string
  readonly conditions: readonly Condition[]
}

/** Whole: what is not written down of a client, it does not have, but for its secrets. */
export interface DefinedClient extends ClientSettings {
  readonly clientId: string
  readonly isPublic: boolean
  readonly keys: readonly ClientKeySource[]
  readonly trusts: readonly DefinedTrust[]
  /** Undefined: as it is; a new one is active. */
  readonly status: Exclude<Status, 'deleted'> | undefined
}

/** What has no place here is left as it is. */
export interface Definitions {
  readonly roles: readonly Role[]
  readonly issuers: readonly DefinedIssuer[]
  readonly clients: readonly DefinedClient[]
}
