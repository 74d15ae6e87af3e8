/**
 * Firebase's scrypt (github.com/firebase/scrypt): the key of scrypt encrypts the signer key of the project, and what it becomes is the hash.
 * AES in counter mode is an exclusive or with a stream, so the hash and the signer key give the stream, and the signer key isn't kept.
 */
import { spellScrypt } from '../algorithms/scrypt.ts'
import { imported } from './canonical.ts'
import { columnOf, isColumns, textOf } from './columns.ts'
import { fromEitherBase64, wholeNumber } from './encodings.ts'
import { type Columns, type ColumnsForm, type FormOptions, HashRefused } from './form.ts'

const LARGEST_MEM_COST = 31

function configOf(columns: Columns, { hashConfig }: FormOptions): Columns {
  const config = columnOf(columns, 'hash_config') ?? hashConfig
  if (isColumns(config)) return config
  throw new HashRefused(
    "Firebase's hash_config is missing. It is in no export: copy it from the console, Authentication, Users, ⋮, Password hash parameters.",
  )
}

function parametersOf(config: Columns) {
  const [log2N, r] = ['mem_cost', 'rounds'].map(name => wholeNumber(textOf(config, name)))
  const [signerKey, separator] = ['base64_signer_key', 'base64_salt_separator'].map(name =>
    fromEitherBase64(textOf(config, name) ?? '='),
  )
  const isScrypt = (textOf(config, 'algorithm') ?? 'SCRYPT') === 'SCRYPT'
  const isRead = log2N && log2N <= LARGEST_MEM_COST && r && signerKey && separator
  if (!isScrypt || !isRead) {
    throw new HashRefused(
      "Firebase's hash_config can't be read: it needs algorithm SCRYPT, base64_signer_key, base64_salt_separator, rounds and mem_cost.",
    )
  }
  return { n: 2 ** log2N, r, p: 1, signerKey, separator }
}

export const firebase: ColumnsForm = (columns, options) => {
  const [hash, ownSalt] = [textOf(columns, 'passwordHash'), textOf(columns, 'salt')]
  if (hash === undefined || ownSalt === undefined) return undefined
  const { signerKey, separator, ...costs } = parametersOf(configOf(columns, options))
  const [encrypted, saltBytes] = [hash, ownSalt].map(fromEitherBase64)
  if (encrypted === undefined || saltBytes === undefined || encrypted.length !== signerKey.length) {
    throw new HashRefused("Firebase's passwordHash or salt can't be read, or belongs to another signer key.")
  }
  const key = encrypted.map((byte, index) => byte ^ (signerKey[index] ?? 0))
  const salt = Buffer.concat([saltBytes, separator])
  return imported('firebase scrypt', spellScrypt({ ...costs, salt, key: Buffer.from(key) }, 'scrypt-ctr'))
}
