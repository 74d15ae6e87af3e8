/** People without a password, whom other systems have, too: they signed in elsewhere, or never. */
import { parseColumns, textOf } from './columns.ts'
import type { ForeignHash } from './form.ts'

/** Of text: empty, Django's unusable password, which begins with `!`, or the `*` and `!` of Unix and LDAP. */
const isNone = (text: string): boolean => /^[\s\0]*(?:!.*|\*)?[\s\0]*$/s.test(text)

/** Of the columns or members that hold a hash, one at most is there. */
const names = ['passwd', 'password', 'password_hash', 'passwordHash', 'encrypted_password']

/** Whether nobody could sign in with any password: such people are added without one. */
export function hasNoPassword(foreign: ForeignHash): boolean {
  if (typeof foreign === 'string') {
    const columns = foreign.startsWith('{"') ? parseColumns(foreign) : undefined
    return columns === undefined ? isNone(foreign) : hasNoPassword(columns)
  }
  const texts = names.map(name => textOf(foreign, name)).filter(text => text !== undefined)
  return texts.length > 0 && texts.every(isNone)
}
