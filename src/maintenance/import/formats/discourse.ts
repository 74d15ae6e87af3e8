/** Discourse: rows of its table users, joined with user_passwords, in which newer versions keep the hash. */
import type { Columns } from '../../../passwords/forms/form.ts'
import type { FileRecord } from '../person.ts'
import { type Format, PASSED_OVER } from './format.ts'
import { flag, hashOfColumns, optionalId, optionalText, statusIf, text } from './members.ts'

/** Before there was a table for it, the salt's column had no more of a name. */
function hashOf(record: FileRecord): Columns | null {
  const salt = optionalText(record, 'password_salt') ?? optionalText(record, 'salt')
  return hashOfColumns({ ...record, password_salt: salt }, 'password_hash', 'password_salt', 'password_algorithm')
}

/** Of PostgreSQL, in UTC if it says nothing else. What is no time may be `infinity`. */
function isBefore(time: string, nowMs: number): boolean {
  const [, date = '', clock = '', zone = ''] = /^(\S+)[ T]([\d:.]+)(Z|[+-]\d\d(?::?\d\d)?)?/.exec(time) ?? []
  return Date.parse(`${date}T${clock}${zone.length === 3 ? `${zone}:00` : zone || 'Z'}`) <= nowMs
}

function isSuspended(record: FileRecord, nowMs: number): boolean {
  const until = optionalText(record, 'suspended_till')
  return until !== undefined && !isBefore(until, nowMs)
}

/** The system's own have negative ids; a staged one is an address that wrote to the forum, and never signed up. */
const isNobody = (record: FileRecord): boolean =>
  (optionalId(record, 'id') ?? '').startsWith('-') || flag(record, 'staged', false)

export const discourse: Format = {
  toPerson(record, { usernameFrom, nowMs }) {
    if (isNobody(record)) return PASSED_OVER
    return {
      username: text(record, usernameFrom ?? 'username'),
      hash: hashOf(record),
      roles: [],
      status: statusIf(flag(record, 'active', true) && !isSuspended(record, nowMs)),
      userId: undefined,
    }
  },
}
