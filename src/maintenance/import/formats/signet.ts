/** Our own format, which anybody can write: nothing in it is guessed, and nothing is passed over in silence. */
import { isColumns } from '../../../passwords/forms/columns.ts'
import type { ForeignHash } from '../../../passwords/forms/form.ts'
import { type FileRecord, type Person, RecordRefused } from '../person.ts'
import type { Format } from './format.ts'
import { optionalText, text } from './members.ts'

const members = ['username', 'password_hash', 'roles', 'status', 'user_id']

/** Of a file without a header the names are what stands in its first row, a hash perhaps: only what can be none is repeated. */
const shown = (name: string): string => (/^[a-z_-]{1,32}$/i.test(name) ? `, and ${name} is not one of them` : '')

/** A misspelled member would otherwise be a password, or a role, that is lost. */
function refuseUnknown(record: FileRecord): void {
  const unknown = Object.keys(record).find(name => !members.includes(name))
  if (unknown !== undefined) throw new RecordRefused(`The members are ${members.join(', ')}${shown(unknown)}.`)
}

function hashOf(record: FileRecord): ForeignHash | null {
  if (!Object.hasOwn(record, 'password_hash'))
    throw new RecordRefused('There is no password_hash. For somebody without a password it is null.')
  const { password_hash: hash } = record
  if (hash === null || hash === '') return null
  if (typeof hash === 'string' || isColumns(hash)) return hash
  throw new RecordRefused('password_hash is neither text, nor an object with columns, nor null.')
}

/** In a column they stand in one text. */
function rolesOf({ roles }: FileRecord): readonly string[] {
  if (roles === undefined || roles === null) return []
  if (typeof roles === 'string') return roles.split(/[\s,]+/).filter(role => role !== '')
  if (Array.isArray(roles) && roles.every(role => typeof role === 'string')) return roles
  throw new RecordRefused('roles is not an array of names.')
}

function statusOf(record: FileRecord): Person['status'] {
  const status = optionalText(record, 'status') ?? 'active'
  if (status === 'active' || status === 'disabled') return status
  throw new RecordRefused('status is neither active nor disabled.')
}

export const signet: Format = {
  toPerson(record) {
    refuseUnknown(record)
    return {
      username: text(record, 'username'),
      hash: hashOf(record),
      roles: rolesOf(record),
      status: statusOf(record),
      userId: optionalText(record, 'user_id'),
    }
  },
}
