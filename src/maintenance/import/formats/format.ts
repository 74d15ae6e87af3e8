/** What a file's format is: how one record of it is read as a person. */

import type { FileRecord, Person } from '../person.ts'
import type { FileLayout } from '../read-records.ts'

/** A record that tells of something else than a person who signs in: it is counted, and nothing more. */
export const PASSED_OVER = 'passed over'

export interface FormatOptions {
  /** The member that is taken for the name, where it is not the format's own. */
  readonly usernameFrom?: string | undefined
}

export interface Format extends FileLayout {
  /** The same at any time: who was added is known again by it. @throws RecordRefused */
  readonly toPerson: (record: FileRecord, options: FormatOptions) => Person | typeof PASSED_OVER
}
