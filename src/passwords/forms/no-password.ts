/** People without a password, whom other systems have, too: they signed in elsewhere, or never. */
import { parseColumns, textOf } from './columns.ts'
import type { ForeignHash } from './form.ts'

/** Nothing, Django's unusable password, which begins with `!`, or the `*` and `!` of Unix and LDAP. */
function isNone(text: string): boolean {
  const bare = text.trim()
  return bare === '' || bare === '*' || bare.startsWith('!')
}

const namesOfHashes = ['passwd', 'password', 'password_hash', 'passwordHash', 'crypted_password']

/** Whether nobody could sign in with any password: such people are added without one. */
export function hasNoPassword(foreign: ForeignHash): boolean {
  if (typeof foreign === 'string') {
    const columns = foreign.startsWith('{"') ? parseColumns(foreign) : undefined
    return columns === undefined ? isNone(foreign) : hasNoPassword(columns)
  }
  const hashes = namesOfHashes.map(name => textOf(foreign, name)).filter(text => text !== undefined)
  return hashes.length > 0 && hashes.every(isNone)
}
