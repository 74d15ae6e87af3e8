/** The one schema, for SQLite and PostgreSQL alike. Times are integer epoch units named in the column; JSON is text; booleans are 0/1. */
import type { CascadeChange } from '../../records/cascade.ts'
import type { CredentialKind } from '../../records/credential.ts'
import type { PrivateKeyPurpose, StoredPrivateKey } from '../../records/private-key.ts'
import type { SigningKeyState } from '../../records/signing-key.ts'
import type { Status } from '../../records/standing.ts'
import type { FetchedKeysTable, TrustedIssuersTable, UsedAssertionsTable } from './assertion-schema.ts'
import type { AuditEventsTable, AuditKeysTable, AuditSealsTable } from './audit-schema.ts'

export interface Schema {
  users: UsersTable
  former_names: FormerNamesTable
  roles: RolesTable
  user_roles: UserRolesTable
  clients: ClientsTable
  client_origins: ClientOriginsTable
  credentials: CredentialsTable
  sessions: SessionsTable
  cascades: CascadesTable
  status_lists: StatusListsTable
  revocations: RevocationsTable
  signing_keys: SigningKeysTable
  private_keys: PrivateKeysTable
  instance: InstanceTable
  audit_events: AuditEventsTable
  audit_seals: AuditSealsTable
  audit_keys: AuditKeysTable
  sign_in_networks: SignInNetworksTable
  password_tickets: PasswordTicketsTable
  trusted_issuers: TrustedIssuersTable
  used_assertions: UsedAssertionsTable
  fetched_keys: FetchedKeysTable
}

type Json = string

export interface UsersTable {
  id: string
  username: string
  /** The name as it is compared; unique among the users who are not deleted. */
  username_key: string
  status: Status
  password_hash: string
  password_id: string
  created_at_ms: number
  /** Of a hash that another system wrote: what a check costs. */
  hash_cost: number | null
  /** Of what an import read. */
  import_digest: string | null
}

/** Names that users had before they were renamed, as they are compared. */
export interface FormerNamesTable {
  username_key: string
  user_id: string
}

export interface RolesTable {
  name: string
  permissions: Json
}

export interface UserRolesTable {
  user_id: string
  role_name: string
}

export interface ClientsTable {
  id: string
  /** Unique among the clients that are not deleted. */
  client_id: string
  status: Status
  is_public: number
  grants: Json
  scope: Json
  audiences: Json
  introspect: Json
  access_token_ttl_seconds: number | null
  created_at_ms: number
  /** Raised by every change of the row or of the client's credentials. */
  revision: number
  /** Tokens that it may be issued in a minute, and each subject through it; null: as many as it asks for. */
  grants_per_minute: number | null
  grants_per_minute_subject: number | null
  may_grant: Json
  /** A header, in lower case. */
  forwards_address: string | null
}

export interface ClientOriginsTable {
  client_id: string
  origin: string
}

export interface CredentialsTable {
  id: string
  owner_id: string
  kind: CredentialKind
  name: string | null
  hash: string
  /** Of an API key its scope and audiences, of a registered key the key or where it is, of a trust its conditions. */
  data: Json | null
  /** Of a trust. */
  issuer_id: string | null
  /** Of a trust: whom a condition on `sub` names. */
  subject: string | null
  created_at_ms: number
  expires_at_ms: number | null
  revoked_at_ms: number | null
  last_used_at_ms: number | null
  last_used_address: string | null
}

/** What access tokens hang on: one sign-in on one device. The refresh token family is this one row. */
export interface SessionsTable {
  id: string
  subject_id: string
  client_id: string
  /** The credential that asks for the tokens; null for a sign-in. */
  credential_id: string | null
  /** Raised by whatever changes the status index. */
  revision: number
  scope: Json
  audiences: Json
  auth_time_seconds: number
  created_at_ms: number
  expires_at_ms: number
  absolute_expires_at_ms: number
  handle_hash: string | null
  current_hash: string | null
  previous_hash: string | null
  salt: string | null
  rotated_at_ms: number | null
  ended_at_ms: number | null
  end_reason: string | null
  /** Where the sign-in or the last refresh came from. */
  address: string | null
  /** The address of the client that forwarded `address`. */
  forwarded_by: string | null
  user_agent: string | null
  /** The index that every access token of the session carries; null until the next refresh after it was taken away. */
  status_list_id: string | null
  status_index: number | null
  status_leave_at_ms: number | null
  status_last_expiry_ms: number | null
  /** The index before the last move to a younger list. */
  left_list_id: string | null
  left_index: number | null
  left_last_expiry_ms: number | null
  /** When the index was last taken because an access token was revoked. */
  taken_at_ms: number | null
}

/** What is left of a change of sessions that is larger than one write. */
export interface CascadesTable {
  id: string
  change: CascadeChange
  subject_id: string | null
  client_id: string | null
  credential_id: string | null
  except_client_id: string | null
  except_session_id: string | null
  /** 1: none of a machine. */
  sign_ins_only: number
  role_name: string | null
  issuer_id: string | null
  reason: string
  /** The last id that is done; the empty text before the first. */
  cursor: string
  /** Sessions that were changed. */
  done: number
  actor: string
  address: string | null
  user_agent: string | null
  request_id: string | null
}

/** A Token Status List: its indices are handed out in blocks. */
export interface StatusListsTable {
  id: string
  state: 'open' | 'closed'
  next_block: number
  /** Changes with every revocation and every bit that is cleared. */
  revision: number
  opened_at_ms: number
  keep_until_ms: number
  /** Entries. */
  size: number
  /** By the database's clock. */
  revised_at_ms: number
}

/** A bit that is set, for as long as a token may be alive that carries the index. */
export interface RevocationsTable {
  list_id: string
  status_index: number
  until_ms: number
}

export interface SigningKeysTable {
  kid: string
  state: SigningKeyState
  since_ms: number
  cause: string
  public_jwk: Json
  created_at_ms: number
  activates_at_ms: number
  rotation_asked_at_ms: number | null
  retires_at_ms: number | null
  /** When it was first seen that since_ms lies ahead of the clock. */
  seen_ahead_at_ms: number | null
}

/** Private halves, where they are kept in the database. */
export interface PrivateKeysTable {
  purpose: PrivateKeyPurpose
  kid: string
  state: StoredPrivateKey['state']
  /** RFC 7516. */
  jwe: string
}

/** One row: which database this is, and since which restore. */
export interface InstanceTable {
  id: string
  epoch: string
  /** Set in the copies that `signet backup` makes. */
  backed_up_at_ms: number | null
  server_identity: string | null
  /** When it was last accepted as a restore; null: never. */
  accepted_at_ms: number | null
}

/** From where a user has signed in. */
export interface SignInNetworksTable {
  user_id: string
  network: string
  last_at_ms: number
}

/** One-time: with one, a user sets a password without the former one. */
export interface PasswordTicketsTable {
  id: string
  user_id: string
  /** Internal id of the client that may redeem it. */
  client_id: string
  hash: string
  created_at_ms: number
  expires_at_ms: number
}
