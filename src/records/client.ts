/** Clients: the applications that ask for tokens (RFC 6749 §2). */
import type { ClientKey } from './client-key.ts'
import type { ClientTrust } from './client-trust.ts'
import type { Credential } from './credential.ts'
import type { Status } from './standing.ts'

/** Of a client that asks for itself (RFC 6749 §4.4). */
export const CLIENT_CREDENTIALS = 'client_credentials'

/** The grants that a client may be given (RFC 6749 §4, §6, RFC 8693 §2.1). */
export const grantTypes = [
  'password',
  'refresh_token',
  CLIENT_CREDENTIALS,
  'urn:ietf:params:oauth:grant-type:token-exchange',
] as const
export type GrantType = (typeof grantTypes)[number]

/** Internal ids begin so, and no user's does. */
export const CLIENT_ID_PREFIX = 'client'
export const isClient = (subjectId: string): boolean => subjectId.startsWith(`${CLIENT_ID_PREFIX}_`)

/** How many tokens may be issued in a minute. */
export interface GrantLimits {
  readonly client: number
  /** To each subject through the client; null: only the client is limited. */
  readonly subject: number | null
}

/** Each of the two by itself: null takes it back, and what is not given stays. */
export interface GrantLimitsChange {
  readonly client?: number | null
  readonly subject?: number | null
}

/** What an operator may set of a client. */
export interface ClientSettings {
  readonly grants: readonly string[]
  /** Permissions the client may ask for; `*` stands for whatever the user has. */
  readonly scope: readonly string[]
  /** Resource services its tokens are for, the default first. */
  readonly audiences: readonly string[]
  /** Web pages that may use it. */
  readonly origins: readonly string[]
  /** Audiences whose tokens it may introspect. */
  readonly introspect: readonly string[]
  readonly accessTokenTtlSeconds: number | null
  /** Null: as much as it asks for. */
  readonly grantsPerMinute: GrantLimits | null
  /** Roles that it may give as a machine, and to whose users it may do what its scope says. */
  readonly mayGrant: readonly string[]
  /** In which header, in lower case, it says from where a person signs in through it; null: in none. */
  readonly forwardsAddress: string | null
}

/** Of a client that may have nothing. */
export const noSettings: ClientSettings = {
  ...{ grants: [], scope: [], audiences: [], origins: [], introspect: [], mayGrant: [] },
  ...{ accessTokenTtlSeconds: null, grantsPerMinute: null, forwardsAddress: null },
}

/** As a request of the client needs it: without the origins, which lie in a table of their own. */
export interface Client extends Omit<ClientSettings, 'origins'> {
  /** Internal id, `client_…`, never reused. */
  readonly id: string
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId: string
  readonly status: Status
  readonly isPublic: boolean
  /** Those that were not removed, the oldest first. */
  readonly secrets: readonly Credential[]
  readonly keys: readonly ClientKey[]
  readonly trusts: readonly ClientTrust[]
  readonly createdAtMs: number
  /** Raised by every change of the client or of its credentials. */
  readonly revision: number
}

/** As the operators see it. */
export interface RegisteredClient extends Client, ClientSettings {}

/** Every condition that is given holds. */
export interface ClientFilter {
  readonly status?: Status | undefined
  /** Those behind it, in the order of the list. */
  readonly afterClientId?: string | undefined
  /** The first so many. */
  readonly limit?: number | undefined
}

/** A client that has proved who it is and signs people in. */
export type SigningInClient = Pick<Client, 'id' | 'clientId' | 'forwardsAddress'>

export interface ClientReader {
  /** Which client has this `client_id` and is not deleted, and its revision: what was read under the same two is still true. */
  revisionOf(clientId: string): Promise<Pick<Client, 'id' | 'revision'> | undefined>
  /** The client with this `client_id` that is not deleted. */
  findByClientId(clientId: string): Promise<Client | undefined>
  /** The same by the internal id. */
  findById(id: string): Promise<Client | undefined>
  /** That with this `client_id`, and its origins; locked, inside a write. */
  find(clientId: string): Promise<RegisteredClient | undefined>
  /** Ordered by `client_id`, without the deleted ones. */
  list(filter?: ClientFilter): Promise<readonly RegisteredClient[]>
  /** What each active confidential client with the password grant says of where people are, in the order of their `client_id`. */
  listSigningIn(): Promise<readonly SigningInClient[]>
  /** Internal ids of all that there were, the deleted ones, too. */
  allIds(): Promise<readonly string[]>
  /** Internal ids of all that had or have this `client_id`, the deleted ones, too. */
  idsOf(clientId: string): Promise<readonly string[]>
  /** The browser origins that the client with this internal id has registered. */
  originsOf(id: string): Promise<readonly string[]>
  /** Whether any active client registered this browser origin. */
  isRegisteredOrigin(origin: string): Promise<boolean>
  /** The `client_id` of each active client with a trust in a trust domain (SPIFFE) whose condition on `sub` is this: at most two. */
  trustingSubject(subject: string): Promise<readonly string[]>
}

/** Every change raises the revision. */
export interface ClientStore extends ClientReader {
  /** Without its credentials. False when the `client_id` is taken. */
  insert(client: RegisteredClient): Promise<boolean>
  update(id: string, settings: ClientSettings): Promise<void>
  setStatus(id: string, status: Status): Promise<void>
  /** For a change of its credentials. */
  raiseRevision(id: string): Promise<void>
  /** Takes a role out of what clients may grant, of at most `limit` of them, and answers of how many. */
  forgetRole(roleName: string, limit: number): Promise<number>
}
