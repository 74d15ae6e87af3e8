/** What keeps a private key from being read, where that is told apart. */
import { KeyError } from '../records/signing-key.ts'

/** What to do about a key that is lost. */
export const RESTORE =
  'Restore it from a backup of the keys; if there is none, run: signet keys revoke --all --reason …'

/** A copy of the database may want a key back that was revoked as stolen. */
const RESTORE_MISSING =
  'Restore it from a backup of the keys, unless it was revoked: then this database is an older copy, and docs/runbooks/unmarked-copy.md ' +
  'comes first. Without a backup, run: signet keys revoke --all --reason …'

/** Neither prepared nor kept. */
export class MissingKey extends KeyError {
  /** What names the key. */
  readonly place: string

  constructor(place: string, remedy = RESTORE_MISSING) {
    super(`The private key ${place} is missing. ${remedy}`)
    this.place = place
  }
}

/** The key under which it is encrypted is missing or another one: nothing is known of the signing key itself. */
export class EncryptionKeyError extends KeyError {}
