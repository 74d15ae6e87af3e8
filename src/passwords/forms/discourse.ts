/** Discourse (table user_passwords, once users): a salt of 32 hex digits that are taken as text, and the algorithm in a column. */
import { importedPbkdf2 } from './canonical.ts'
import { textOf } from './columns.ts'
import { fromHex, wholeNumber } from './encodings.ts'
import { type ColumnsForm, HashRefused } from './form.ts'

const unreadable = () =>
  new HashRefused(
    "Discourse's columns can't be read: export password_hash, password_salt (salt) and password_algorithm, which begins with $pbkdf2-.",
  )

export const discourse: ColumnsForm = columns => {
  const hash = textOf(columns, 'password_hash')
  const salt = textOf(columns, 'password_salt') ?? textOf(columns, 'salt')
  if (hash === undefined || salt === undefined) return undefined
  const algorithm = textOf(columns, 'password_algorithm')
  if (!algorithm) {
    throw new HashRefused(
      "These columns look like Discourse's, but without password_algorithm, which has the iterations: export it, too.",
    )
  }
  const [, digest = '', iterations, length] =
    /^\$?pbkdf2-(sha256|sha512)\$i=(\d+)(?:,l=(\d+))?\$?$/.exec(algorithm) ?? []
  const key = fromHex(hash)
  const fields = { digest, iterations: wholeNumber(iterations), salt: Buffer.from(salt), key }
  const found = importedPbkdf2('discourse', fields)
  if (found === undefined || (length !== undefined && wholeNumber(length) !== key?.length)) throw unreadable()
  return found
}
