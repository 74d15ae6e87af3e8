/** Grafana (table user; pkg/util, EncodePassword): the parameters are the same for all, and the salt is text. */
import { importedPbkdf2 } from './canonical.ts'
import { textOf } from './columns.ts'
import { fromHex } from './encodings.ts'
import { type ColumnsForm, HashRefused } from './form.ts'

const KEY_BYTES = 50

export const grafana: ColumnsForm = columns => {
  const [password, salt] = [textOf(columns, 'password'), textOf(columns, 'salt')]
  if (password === undefined || salt === undefined) return undefined
  const key = fromHex(password)
  if (key?.length !== KEY_BYTES) {
    throw new HashRefused(
      `The columns password and salt look like Grafana's, but the password does not have ${2 * KEY_BYTES} hex digits.`,
    )
  }
  return importedPbkdf2('grafana', { digest: 'sha256', iterations: 10_000, salt: Buffer.from(salt), key })
}
