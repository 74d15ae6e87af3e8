/** bcrypt as nearly everybody writes it: `$2a$`, `$2b$` (OpenBSD), `$2y$` (PHP), and 53 characters more. */
import type { PreparationName } from '../preparations.ts'
import { importedBcrypt } from './canonical.ts'
import type { FormOptions, TextForm } from './form.ts'

/**
 * What the operator says that was done before: Flask-Bcrypt hashes long passwords first, Devise appends a pepper. When nothing is said it
 * may be Symfony's, which hashes only what is too long for bcrypt, and leaves no mark.
 */
function preparationsOf({ prehash, pepper }: FormOptions): (readonly [PreparationName, Buffer?])[] {
  const appended: [PreparationName, Buffer][] = pepper === undefined ? [] : [['append', pepper]]
  if (prehash !== undefined) return [...appended, [prehash]]
  return pepper === undefined ? [['maybe-symfony']] : appended
}

export const bcrypt: TextForm = (text, options) => importedBcrypt('bcrypt', text, ...preparationsOf(options))
