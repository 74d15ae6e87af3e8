/** The scrypt gem of Ruby: `4000$8$1$salt$hash`, all in hexadecimal. */
import type { PreparationName } from '../preparations.ts'
import { importedScrypt } from './canonical.ts'
import { fromHex, hexNumber } from './encodings.ts'
import { HashRefused, INSTEAD, type ReadForm, type TextForm } from './form.ts'

/** The gem takes bytes of zero off its beginning, and fills up half a byte at its end. */
function saltOf(digits: string): Buffer | undefined {
  const left = digits.replace(/^(?:00)+/, '')
  return fromHex(left.length % 2 === 0 ? left : `${left}0`)
}

/** So many digits of salt has the form before 2012, which is another algorithm. */
const OLD_SALT_DIGITS = 40

export function readRubyScrypt(
  form: string,
  text: string,
  ...preparations: (readonly [PreparationName, Buffer?])[]
): ReadForm | undefined {
  const [, n, r, p, salt = '', key = ''] =
    /^([0-9a-f]+)\$([0-9a-f]+)\$([0-9a-f]+)\$([0-9a-f]{16,64})\$([0-9a-f]+)$/.exec(text) ?? []
  if (salt.length === OLD_SALT_DIGITS) {
    throw new HashRefused(`The scrypt gem's form of before 2012, which ends in SHA-1, is not imported. ${INSTEAD}`)
  }
  const [cost, blocks, lanes] = [n, r, p].map(hexNumber)
  return importedScrypt(form, { n: cost, r: blocks, p: lanes, salt: saltOf(salt), key: fromHex(key) }, ...preparations)
}

export const rubyScrypt: TextForm = text => readRubyScrypt('ruby scrypt', text)
