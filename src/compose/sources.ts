/** What a composition may take from outside. The program takes nothing; tests and benches do. */
import type { DestinationStream } from 'pino'
import type { Sealing } from '../audit/sealing.ts'
import type { Pause } from '../audit/trail.ts'
import type { Clock } from '../clock.ts'
import type { EpochFile } from '../keys/epoch-file.ts'
import type { KeyStore } from '../keys/private-keys.ts'
import type { FetchDocument } from '../outgoing/fetch-document.ts'
import type { PasswordHasher } from '../passwords/passwords.ts'
import type { Randomness } from '../randomness.ts'
import type { Signer } from '../records/signing-key.ts'
import type { Readers, Write } from '../records/unit-of-work.ts'

/** Stands between a service and what it depends on, to hold it back or to make it fail. */
export interface Faults {
  readonly hasher?: (hasher: PasswordHasher) => PasswordHasher
  readonly signer?: (signer: Signer) => Signer
  readonly read?: (read: Readers) => Readers
  readonly write?: (write: Write) => Write
  readonly privateKeys?: (store: KeyStore) => KeyStore
  readonly sealing?: (sealing: Sealing) => Sealing
  readonly epochFile?: (file: EpochFile) => EpochFile
  readonly fetch?: (fetch: FetchDocument) => FetchDocument
}

export interface Sources {
  readonly clock?: Clock
  readonly randomness?: Randomness
  readonly faults?: Faults
  /** How a command waits for what comes, a service that stops until it is sent nothing any more, and a refused sign-in. */
  readonly pause?: Pause
  /** A clock that nobody sets, by which password checks are timed. */
  readonly elapsedMs?: () => number
  /** Told of a change of many sessions how many are done. */
  readonly onProgress?: (done: number) => void
  /** Where the log goes; standard output when not given. */
  readonly logTo?: DestinationStream
}
