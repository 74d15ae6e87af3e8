/** Auth0's export of password hashes, which its support makes: one object a line. */
import { type FileRecord, RecordRefused } from '../person.ts'
import type { Format } from './format.ts'
import { assertHasHash, flag, member, optionalText, statusIf, text } from './members.ts'

/** Newer exports may have the address there alone. */
function identifierOf(record: FileRecord): string | undefined {
  const identifiers = member(record, 'identifiers')
  if (!Array.isArray(identifiers)) return undefined
  const value: unknown = identifiers.find(each => each?.type === 'email')?.value
  return typeof value === 'string' && value !== '' ? value : undefined
}

const nameOf = (record: FileRecord): string =>
  optionalText(record, 'username') ??
  optionalText(record, 'email') ??
  identifierOf(record) ??
  text(record, 'username', 'email')

function hashOf(record: FileRecord): string | null {
  if (member(record, 'custom_password_hash') !== undefined)
    throw new RecordRefused("custom_password_hash is for Auth0's own import, and can't be read.")
  // Exports that one makes oneself have no hashes.
  if (!Object.hasOwn(record, 'password_hash')) assertHasHash(record, 'passwordHash')
  // The second is what files for Auth0's own import have.
  return optionalText(record, 'passwordHash') ?? optionalText(record, 'password_hash') ?? null
}

export const auth0: Format = {
  toPerson: (record, { usernameFrom }) => ({
    username: usernameFrom === undefined ? nameOf(record) : text(record, usernameFrom),
    hash: hashOf(record),
    roles: [],
    status: statusIf(!flag(record, 'blocked', false)),
    // `auth0|…` is no id here.
    userId: undefined,
  }),
}
