/** Discourse: rows of its table users, joined with user_passwords, in which newer versions keep the hash. */
import type { Columns } from '../../../passwords/forms/form.ts'
import type { FileRecord } from '../person.ts'
import { type Format, PASSED_OVER } from './format.ts'
import { assertHasHash, flag, hashOfColumns, member, optionalNumber, optionalText, statusIf, text } from './members.ts'

/** Before there was a table for it, the salt's column had a shorter name. A password that expired must not work again. */
function hashOf(record: FileRecord): Columns | null {
  assertHasHash(record, 'password_hash')
  if (member(record, 'password_expired_at') !== undefined) return null
  const salt = optionalText(record, 'password_salt') ?? optionalText(record, 'salt')
  return hashOfColumns({ ...record, password_salt: salt }, 'password_hash', 'password_salt', 'password_algorithm')
}

/** Also when the time has passed since: an operator enables whom they want back. */
const isSuspended = (record: FileRecord): boolean => member(record, 'suspended_till') !== undefined

/** The system's own have negative ids; a staged one is an address that wrote to the forum, and never signed up. */
const isNobody = (record: FileRecord): boolean =>
  (optionalNumber(record, 'id') ?? '').startsWith('-') || flag(record, 'staged', false)

export const discourse: Format = {
  toPerson(record, { usernameFrom }) {
    if (isNobody(record)) return PASSED_OVER
    return {
      username: text(record, usernameFrom ?? 'username'),
      hash: hashOf(record),
      roles: [],
      status: statusIf(flag(record, 'active', true) && !isSuspended(record)),
      userId: undefined,
    }
  },
}
