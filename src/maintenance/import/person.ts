/** A person as a file tells of them. */
import type { ForeignHash } from '../../passwords/forms/form.ts'

export interface Person {
  readonly username: string
  /** Null: there is none, and the person needs a password ticket. */
  readonly hash: ForeignHash | null
  /** Names of roles. */
  readonly roles: readonly string[]
  readonly status: 'active' | 'disabled'
  /** The id that is to stay. */
  readonly userId: string | undefined
}

/** A record of a file: its members, or the columns of its row. */
export type FileRecord = Readonly<Record<string, unknown>>

/** The record can't be read as a person. The message is for the operator, and repeats nothing of a hash. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused'
}

/** No system writes more about one person; what is larger is passed over without being held. */
export const LARGEST_RECORD_BYTES = 64 * 1024

/** Where something stands in the file: a line, or in one large document which of its users it is; both count from 1. */
export interface Place {
  readonly unit: 'line' | 'user'
  readonly number: number
}

/** What is read, one after the other. */
export interface ReadRecord {
  readonly place: Place
  readonly record: FileRecord | RecordRefused
}
