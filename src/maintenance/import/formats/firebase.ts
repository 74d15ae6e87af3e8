/** Firebase's `auth:export` in JSON; the parameters of its hashes are copied from the console. */
import type { Format } from './format.ts'
import { flag, hashOfColumns, optionalText, statusIf, text } from './members.ts'

export const firebase: Format = {
  documentMember: 'users',
  csvRefusal: 'In CSV Firebase writes no header. Export with --format=json.',
  toPerson: (record, { usernameFrom }) => ({
    username: text(record, usernameFrom ?? 'email'),
    // Who signs in with Google has none.
    hash: hashOfColumns(record, 'passwordHash', 'salt', 'hash_config'),
    roles: [],
    status: statusIf(!flag(record, 'disabled', false)),
    userId: optionalText(record, 'localId'),
  }),
}
