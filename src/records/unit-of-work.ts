/**
 * What a service may ask of the storage. Reads run beside everything else; every change is made inside `write`, which is
 * one transaction: all of it is durable when the promise resolves, or none of it happened.
 */

import type { ApiKeyReader, ApiKeyStore } from './api-key.ts'
import type { AuditReader, AuditStore } from './audit-event.ts'
import type { AuditSealReader, AuditSealStore } from './audit-seal.ts'
import type { CascadeReader, CascadeStore } from './cascade.ts'
import type { ClientReader, ClientStore } from './client.ts'
import type { CredentialReader, CredentialStore } from './credential.ts'
import type { FetchedKeysReader, FetchedKeysStore } from './fetched-keys.ts'
import type { InstanceReader, InstanceStore } from './instance.ts'
import type { PasswordTicketReader, PasswordTicketStore } from './password-ticket.ts'
import type { PrivateKeyReader, PrivateKeyStore } from './private-key.ts'
import type { PulseReader } from './pulse.ts'
import type { RoleReader, RoleStore } from './role.ts'
import type { SessionReader, SessionStore } from './session.ts'
import type { SignInNetworkReader, SignInNetworkStore } from './sign-in-network.ts'
import type { SigningKeyReader, SigningKeyStore } from './signing-key.ts'
import type { StandingReader, StandingStore } from './standing.ts'
import type { RevocationReader, RevocationStore, StatusListReader, StatusListStore } from './status-list.ts'
import type { TrustedIssuerReader, TrustedIssuerStore } from './trusted-issuer.ts'
import type { UsedAssertionStore } from './used-assertion.ts'
import type { UserReader, UserStore } from './user.ts'

/** Every interface that reads. */
export interface Readers {
  readonly clients: ClientReader
  readonly credentials: CredentialReader
  readonly apiKeys: ApiKeyReader
  readonly users: UserReader
  readonly roles: RoleReader
  readonly sessions: SessionReader
  readonly cascades: CascadeReader
  readonly revocations: RevocationReader
  readonly statusLists: StatusListReader
  readonly signingKeys: SigningKeyReader
  readonly privateKeys: PrivateKeyReader
  readonly instance: InstanceReader
  readonly pulse: PulseReader
  readonly standing: StandingReader
  readonly audit: AuditReader
  readonly auditSeals: AuditSealReader
  readonly signInNetworks: SignInNetworkReader
  readonly passwordTickets: PasswordTicketReader
  readonly trustedIssuers: TrustedIssuerReader
  readonly fetchedKeys: FetchedKeysReader
}

/** Every interface, inside one transaction. */
export interface Stores extends Readers {
  readonly clients: ClientStore
  readonly credentials: CredentialStore
  readonly apiKeys: ApiKeyStore
  readonly users: UserStore
  readonly roles: RoleStore
  readonly sessions: SessionStore
  readonly cascades: CascadeStore
  readonly revocations: RevocationStore
  readonly statusLists: StatusListStore
  readonly signingKeys: SigningKeyStore
  readonly privateKeys: PrivateKeyStore
  readonly instance: InstanceStore
  readonly standing: StandingStore
  readonly audit: AuditStore
  readonly auditSeals: AuditSealStore
  readonly signInNetworks: SignInNetworkStore
  readonly passwordTickets: PasswordTicketStore
  readonly trustedIssuers: TrustedIssuerStore
  readonly usedAssertions: UsedAssertionStore
  readonly fetchedKeys: FetchedKeysStore
}

/**
 * Runs `work` in a transaction and answers once it is durable. Only store calls belong inside: no signing, hashing, network or
 * timers, because other works wait for this one. Calls that do not wait for each other reach the database in the order in which they are
 * made; that of a change may be answered before it is done, and fails the work at its end. What `work` throws undoes its changes and
 * is thrown on. It may be run again, when the database chose it as the victim of a deadlock.
 * @param size `one statement` promises that `work` is a single store call of a single statement, which the database undoes by itself
 *   when it fails: it costs less
 * @throws StorageUnavailable when the database can't take the write now
 */
export type Write = <T>(work: (stores: Stores) => Promise<T>, size?: 'one statement') => Promise<T>

/**
 * Answers what `work` reads of one moment, however many reads it makes and whatever is written meanwhile. Not for long: it holds a
 * connection, and SQLite keeps what was overwritten since.
 */
export type Snapshot = <T>(work: (readers: Readers) => Promise<T>) => Promise<T>

/**
 * The database can't be used at the moment, and trying again makes sense. Nothing was changed, unless the answer to a commit was lost:
 * then nobody knows, and whoever tries again finds out.
 */
export class StorageUnavailable extends Error {
  override readonly name: string = 'StorageUnavailable'
  /** Seconds after which a retry makes sense. */
  readonly retryAfterSeconds = 1
  /** Whether nothing gets better before an operator has mended something: a right, a password, a full disk. */
  readonly mustBeMended: boolean

  constructor(message: string, { mustBeMended = false, ...options }: ErrorOptions & { mustBeMended?: boolean } = {}) {
    super(message, options)
    this.mustBeMended = mustBeMended
  }
}

/** The same, found when it was opened: nothing was asked of it yet. */
export class StorageNotOpened extends StorageUnavailable {
  override readonly name = 'StorageNotOpened'
}

/** Another write took at the same moment what only one can have. Nothing was changed; whoever looks again sees who has it. */
export class StorageConflict extends Error {
  override readonly name = 'StorageConflict'
}

/** What was asked of the database can't be done, and trying again changes nothing; the message says what would. */
export class StorageRefused extends Error {
  override readonly name = 'StorageRefused'
}
