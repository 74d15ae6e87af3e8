/** bcrypt as nearly everybody writes it: `$2a$`, `$2b$` (OpenBSD), `$2y$` (PHP), and 53 characters more. */
import { canonicalBcrypt, isBcrypt } from '../algorithms/bcrypt.ts'
import type { PreparationName } from '../preparations.ts'
import { spellImported } from '../stored-hash.ts'
import type { Form, FormOptions } from './form.ts'

/** What the operator says that was done before: Flask-Bcrypt hashes long passwords first, Devise appends a pepper. */
function preparationsOf({ prehash, pepper }: FormOptions): (readonly [PreparationName, Buffer?])[] {
  const appended: [PreparationName, Buffer][] = pepper === undefined ? [] : [['append', pepper]]
  return prehash === undefined ? appended : [...appended, [prehash]]
}

export const bcrypt: Form = (foreign, options) =>
  typeof foreign === 'string' && isBcrypt(foreign)
    ? { form: 'bcrypt', stored: spellImported(canonicalBcrypt(foreign), ...preparationsOf(options)) }
    : undefined
