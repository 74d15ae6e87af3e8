import type { DatabaseLocation } from '../records/instance.ts'

/** What the environment says, checked. */
export interface Config {
  /** The issuer identifier: no trailing slash; it may have a path, under which every endpoint lies. */
  readonly issuer: string
  readonly host: string
  readonly port: number
  readonly managementHost: string
  readonly managementPort: number
  readonly database: DatabaseLocation
  /** Connections to PostgreSQL at most. */
  readonly databasePoolSize: number
  /** After which a connection to PostgreSQL is replaced. */
  readonly databaseConnectionLifetimeSeconds: number
  /** The longest that a request waits for PostgreSQL. */
  readonly databaseTimeoutSeconds: number
  readonly keysDirectory: string
  /** Whether files may belong to root, and be open to a group of the process. */
  readonly trustGroup: boolean
  readonly accessTokenTtlSeconds: number
  readonly refreshIdleTtlSeconds: number
  readonly refreshAbsoluteTtlSeconds: number
  readonly refreshGraceSeconds: number
  /** Sessions that a user may have through one client. */
  readonly sessionLimit: number
  /** Which grants of tokens are audited: those that change where a session is used from, or all. */
  readonly auditGrants: 'changes' | 'all'
  /** Undefined: audit events are never removed. */
  readonly auditRetentionSeconds: number | undefined
  /** Undefined: signing keys are not rotated by the clock. */
  readonly keyRotationIntervalSeconds: number | undefined
  readonly keyPublishLeadSeconds: number
  /** Where private keys are kept: in files of the key directory, or in the database. */
  readonly keysStore: 'files' | 'database'
  /** 256 bits under which the private keys are encrypted at rest; undefined: they are kept in the clear. */
  readonly keyEncryptionKey: Uint8Array | undefined
  /** Decrypts what was encrypted before that one was set. */
  readonly keyEncryptionKeyBefore: Uint8Array | undefined
  /** An idle connection is kept for this long. */
  readonly keepAliveSeconds: number
  /** Between the failing of readiness and the closing of the public port. */
  readonly shutdownDelaySeconds: number
  /** Networks in CIDR notation, always with a length. */
  readonly trustProxy: readonly string[]
  /** Loopback, private and shared networks that outgoing requests may reach, CIDR, always with a length. */
  readonly allowNetworks: readonly string[]
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
}
