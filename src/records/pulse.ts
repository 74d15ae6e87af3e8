/** What every instance asks of the database all the time, in one question: what others did, and whether it is still the one that it was. */
import type { ServerIdentity } from './server-identity.ts'
import type { SigningKeyState } from './signing-key.ts'

/** What is known of a PostgreSQL server. */
export interface ServerFacts {
  readonly identity: ServerIdentity
  /** How far its write-ahead log is on the disk, in pages of 8 KiB. On one timeline it never goes back. */
  readonly position: number
  /** Whether a commit waits until a standby has it. */
  readonly isSynchronous: boolean
  /** Whether it waits until it is on the disk. */
  readonly isDurable: boolean
}

export interface Pulse {
  /** Undefined before the first start. */
  readonly epoch: string | undefined
  /** As the database itself remembers it. */
  readonly serverIdentity: ServerIdentity | undefined
  /** Undefined where there is no server, or it does not tell. */
  readonly server: ServerFacts | undefined
  /** How many migrations ran. */
  readonly schemaSteps: number
  /** By kid. */
  readonly signingKeys: ReadonlyMap<string, SigningKeyState>
  /** Another text when anything of them changed. */
  readonly keysVersion: string
  /** Revisions by id. */
  readonly statusLists: ReadonlyMap<string, number>
  readonly lastSeal: { readonly number: number; readonly digest: string } | undefined
  readonly auditKid: string | undefined
  /** Whether events wait to be sealed. */
  readonly hasUnsealed: boolean
  /** Whether changes of many sessions are under way. */
  readonly hasCascades: boolean
}

export interface PulseReader {
  take(): Promise<Pulse>
}
