/** From the fields that a form has read to what is stored. Undefined is what could not be read. */
import { type Argon2Fields, spellArgon2 } from '../algorithms/argon2.ts'
import { canonicalBcrypt, isBcrypt } from '../algorithms/bcrypt.ts'
import { isDigest, type Pbkdf2Fields, spellPbkdf2 } from '../algorithms/pbkdf2.ts'
import { type ScryptFields, spellScrypt } from '../algorithms/scrypt.ts'
import type { PreparationName } from '../preparations.ts'
import { spellImported } from '../stored-hash.ts'
import type { ReadForm } from './form.ts'

type Fields<T> = { readonly [Name in keyof T]-?: T[Name] | undefined }
type Preparations = readonly (readonly [PreparationName, Buffer?])[]

const areRead = <T>(fields: Fields<T>): fields is Fields<T> & T =>
  Object.values(fields).every(value => value !== undefined)

export const imported = (form: string, hash: string, ...preparations: Preparations): ReadForm => ({
  form,
  stored: spellImported(hash, ...preparations),
})

export const importedBcrypt = (form: string, text: string, ...preparations: Preparations): ReadForm | undefined =>
  isBcrypt(text) ? imported(form, canonicalBcrypt(text), ...preparations) : undefined

export const importedArgon2 = (form: string, fields: Fields<Omit<Argon2Fields, 'secret'>>, secret?: Buffer) =>
  areRead(fields) ? imported(form, spellArgon2({ ...fields, secret })) : undefined

/** @param fields.digest as others name it, in any case */
export function importedPbkdf2(
  form: string,
  { digest, ...others }: Fields<Omit<Pbkdf2Fields, 'digest'>> & { readonly digest: string },
): ReadForm | undefined {
  const name = digest.toLowerCase()
  return isDigest(name) && areRead(others) ? imported(form, spellPbkdf2({ digest: name, ...others })) : undefined
}

export const importedScrypt = (form: string, fields: Fields<ScryptFields>, ...preparations: Preparations) =>
  areRead(fields) ? imported(form, spellScrypt(fields), ...preparations) : undefined
