/** Roles and clients as somebody wrote them down: what they are to be, whatever they are now. */
import type { ClientSettings } from './client.ts'
import type { Role } from './role.ts'
import type { Status } from './standing.ts'

/** Whole: what is not written down of a client, it does not have. */
export interface DefinedClient extends ClientSettings {
  readonly clientId: string
  readonly isPublic: boolean
  /** Undefined: as it is; a new one is active. */
  readonly status: Exclude<Status, 'deleted'> | undefined
}

/** What has no place here is left as it is. */
export interface Definitions {
  readonly roles: readonly Role[]
  readonly clients: readonly DefinedClient[]
}
