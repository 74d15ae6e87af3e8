/** What a database offers, whichever it is, and what it is opened with. */
import type { Kysely } from 'kysely'
import type { Clock } from '../../clock.ts'
import type { Randomness } from '../../randomness.ts'
import type { AuditEvent } from '../../records/audit-event.ts'
import type { FileTrust } from '../../records/file-trust.ts'
import type { RequestWaits } from '../../records/request-waits.ts'
import type { ServerIdentity } from '../../records/server-identity.ts'
import type { Readers, Snapshot, Stores, Write } from '../../records/unit-of-work.ts'
import type { CounterTable } from './counter-table.ts'
import type { Dialect } from './dialect.ts'
import type { SchemaSteps, Step } from './migrations.ts'
import type { Executor } from './prepared.ts'
import type { Schema } from './schema.ts'

export interface Database {
  readonly read: Readers
  readonly snapshot: Snapshot
  readonly write: Write
  /** Where attempts are counted. */
  readonly counterTable: CounterTable
  /** Whether nothing of Signet is in it yet. */
  isNew(): Promise<boolean>
  /**
   * How the schema and this program differ.
   * @throws SchemaIsNewer when this program can't work with it
   */
  steps(): Promise<SchemaSteps>
  /** What a newer program has done to the schema, also while this one runs. */
  stepsAhead(): Promise<SchemaSteps['ahead']>
  /** Brings the schema up to date and answers which migrations ran. */
  migrate(): Promise<readonly Step[]>
  /** Resolves when the database answers a query. */
  ping(): Promise<void>
  /** Undefined when the database finds nothing wrong with itself. */
  integrityProblem(): Promise<string | undefined>
  /**
   * Writes a marked copy of all that is committed now. Undefined when the database has tools of its own for this.
   * @param event which the copy alone has
   * @throws StorageRefused when the file exists or can't be written
   */
  readonly backup: ((file: string, event: AuditEvent) => Promise<void>) | undefined
  /** Its files, while it is open; undefined when it has none. */
  readonly files: DatabaseFiles | undefined
  /** The server that it is on; undefined when there is none. */
  readonly server: DatabaseServer | undefined
  /** Waits for the works that are under way. */
  close(): Promise<void>
}

export interface DatabaseServer {
  /** How far its write-ahead log was when that was asked last; undefined when it was not, or the server does not tell. */
  position(): number | undefined
  /** Every connection that does not lead there is refused from now on. */
  pin(identity: ServerIdentity): void
  /** Nothing is asked of it any more, but whether that is over. */
  refuse(reason: string): void
}

export interface DatabaseFiles {
  /** @throws StorageUnavailable when they are not those that were opened, or somebody wrote over them: nothing is written any more */
  assertUntouched(): void
  /**
   * Then: brings what only this process still has to where it is found again.
   * @returns what was done, for the operator; undefined when nothing had to be
   */
  rescue(): Promise<string | undefined>
  /** Counts the start of a service, and brings all of the log into the file: copies of before are known by that. */
  begin(): Promise<void>
  /** How many writes the database has seen, a number that wraps; it never goes back, unless an older copy was put back. */
  readonly writes: () => number
}

export interface Sources {
  readonly clock: Clock
  readonly randomness: Randomness
  /** Nobody but its user, when it is not given. */
  readonly trust?: FileTrust
  /** Without them nothing is a request. */
  readonly requestWaits?: Pick<RequestWaits, 'current'>
  /** Of the connections to a server, which a file has none of. */
  readonly pool?: PoolSettings
}

export interface PoolSettings {
  /** Connections at most. */
  readonly size: number
  /** After which a connection is replaced. */
  readonly lifetimeSeconds: number
  /** The longest that a request waits for the database. */
  readonly timeoutSeconds: number
}

/** Prepares every store once for a database; what it answers gives them for a connection or a transaction. */
export type PrepareStores = (db: Kysely<Schema>, dialect: Dialect) => (executor: Executor) => Readers & Stores
