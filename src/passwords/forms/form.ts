/** How other systems write password hashes: what all forms have in common. */

/** The text that a system stores, or its columns or members, where it takes several of them. */
export type ForeignHash = string | Columns
export type Columns = Readonly<Record<string, unknown>>

/** What stands in no hash, and only the operator knows. */
export interface FormOptions {
  /** A secret that the other system used in every hash. */
  readonly pepper?: Buffer | undefined
  /** What was done to passwords before a bcrypt that does not say so. */
  readonly prehash?: 'sha256-hex' | undefined
  /** Firebase's parameters, as its console shows them. */
  readonly hashConfig?: Columns | undefined
}

export interface ReadForm {
  /** As it is counted: `django pbkdf2_sha256`, `bcrypt`. */
  readonly form: string
  /** As it is stored: made by `spellImported`. */
  readonly stored: string
}

/** Undefined when it is another's, or nobody's. @throws HashRefused when it is this one's and can't be imported */
export type TextForm = (text: string, options: FormOptions) => ReadForm | undefined
export type ColumnsForm = (columns: Columns, options: FormOptions) => ReadForm | undefined

/** What is left to do for somebody whose hash is refused. */
export const INSTEAD =
  'Import the person without the hash, who then gets a password by a password ticket, or by `users set-password`.'

/** The hash can't be imported. The message says what to do, and nothing of the hash. */
export class HashRefused extends Error {
  override readonly name = 'HashRefused'
}
