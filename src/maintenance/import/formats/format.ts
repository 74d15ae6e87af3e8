/** What a file's format is: how one record of it is read as a person. */
import type { FileRecord, Person } from '../person.ts'

/** A record that tells of something else than a person who signs in: it is counted, and nothing more. */
export const PASSED_OVER = 'passed over'

export interface Format {
  /** What large JSON documents of this system hold their users in; without it, each object at the top is a user. */
  readonly documentMember?: 'users'
  /** Why the system's tables or CSV can't be read; without it, they can. */
  readonly csvRefusal?: string
  /**
   * @param usernameFrom the member that the operator takes for the name, where it is not the usual one
   * @throws RecordRefused
   */
  readonly toPerson: (record: FileRecord, usernameFrom: string | undefined) => Person | typeof PASSED_OVER
}
