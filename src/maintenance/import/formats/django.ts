/** Django's `dumpdata`, in which each record names its table, and rows of auth_user or of a user model of one's own. */
import { isColumns } from '../../../passwords/forms/columns.ts'
import { type FileRecord, type Person, RecordRefused } from '../person.ts'
import { type Format, type FormatOptions, PASSED_OVER } from './format.ts'
import { assertHasHash, flag, optionalText, statusIf, text } from './members.ts'

/** AbstractBaseUser gives each user model these columns; one that has dropped the second is known by its name. */
const isUser = (model: string, fields: FileRecord): boolean =>
  Object.hasOwn(fields, 'password') && (Object.hasOwn(fields, 'last_login') || /user$/i.test(model))

function fieldsOf({ fields }: FileRecord): FileRecord {
  if (isColumns(fields)) return fields
  throw new RecordRefused('fields is not an object.')
}

const personOf = (fields: FileRecord, { usernameFrom }: FormatOptions): Person => ({
  username: usernameFrom === undefined ? text(fields, 'username', 'email') : text(fields, usernameFrom),
  hash: optionalText(fields, 'password') ?? null,
  roles: [],
  status: statusIf(flag(fields, 'is_active', true)),
  // The number of a row tells how many people there are, and in which order they came.
  userId: undefined,
})

export const django: Format = {
  toPerson(record, options) {
    if (!Object.hasOwn(record, 'model')) {
      assertHasHash(record, 'password')
      return personOf(record, options)
    }
    const fields = fieldsOf(record)
    if (!isUser(text(record, 'model'), fields)) return PASSED_OVER
    return personOf(fields, options)
  },
}
