/**
 * What a service may ask of the storage. Reads run beside everything else; every change is made inside `write`, which is
 * one transaction: all of it is durable when the promise resolves, or none of it happened.
 */

import type { StandingReader, StandingStore } from './accounts/may-receive-tokens.ts'
import type {
  ClientStore,
  ClientStoreReader,
  RoleStore,
  RoleStoreReader,
  UserStore,
  UserStoreReader,
} from './accounts/stores.ts'
import type { AuditReader, AuditStore } from './audit/events.ts'
import type { InstanceReader, InstanceStore, SigningKeyReader, SigningKeyStore } from './keys/stores.ts'
import type {
  ClientReader,
  ResourceOwnerReader,
  RevocationReader,
  RevocationStore,
  SessionReader,
  SessionStore,
  StatusListReader,
  StatusListStore,
} from './oauth/stores.ts'

export type { Provenance } from './audit/events.ts'

/** Every interface that reads. */
export interface Readers {
  readonly clients: ClientReader & ClientStoreReader
  readonly users: ResourceOwnerReader & UserStoreReader
  readonly roles: RoleStoreReader
  readonly sessions: SessionReader
  readonly revocations: RevocationReader
  readonly statusLists: StatusListReader
  readonly signingKeys: SigningKeyReader
  readonly instance: InstanceReader
  readonly standing: StandingReader
  readonly audit: AuditReader
}

/** Every interface, inside one transaction. */
export interface Stores extends Readers {
  readonly clients: ClientReader & ClientStore
  readonly users: ResourceOwnerReader & UserStore
  readonly roles: RoleStore
  readonly sessions: SessionStore
  readonly revocations: RevocationStore
  readonly statusLists: StatusListStore
  readonly signingKeys: SigningKeyStore
  readonly instance: InstanceStore
  readonly standing: StandingStore
  readonly audit: AuditStore
}

/**
 * Runs `work` in a transaction and answers once it is durable. Only store calls belong inside: no signing, hashing, network or
 * timers, because other works wait for this one. What `work` throws undoes its changes and is thrown on.
 * @throws StorageUnavailable when the database can't take the write now
 */
export type Write = <T>(work: (stores: Stores) => Promise<T>) => Promise<T>

/** The database can't be used at the moment; nothing was changed, and trying again makes sense. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable'
  /** Seconds after which a retry makes sense. */
  readonly retryAfterSeconds = 1
}
