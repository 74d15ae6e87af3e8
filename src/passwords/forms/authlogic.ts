/** Authlogic (crypto providers): it hashes the password with the column password_salt behind it, beside the salt that the hash has. */
import { importedBcrypt } from './canonical.ts'
import { textOf } from './columns.ts'
import { type ColumnsForm, HashRefused, INSTEAD } from './form.ts'
import { readRubyScrypt } from './ruby-scrypt.ts'

export const authlogic: ColumnsForm = columns => {
  const [hash, salt] = [textOf(columns, 'crypted_password'), textOf(columns, 'password_salt')]
  if (hash === undefined || salt === undefined) return undefined
  const behind = ['append', Buffer.from(salt)] as const
  const found = readRubyScrypt('authlogic scrypt', hash, behind) ?? importedBcrypt('authlogic bcrypt', hash, behind)
  if (found === undefined)
    throw new HashRefused(`Of Authlogic's hashes, only scrypt and bcrypt are imported. ${INSTEAD}`)
  return found
}
