/** Keycloak (CredentialRepresentation): two members that are objects, or strings with their JSON, as a realm export has them. */
import { fromBase64 } from '../algorithms/base64.ts'
import { importedArgon2, importedPbkdf2 } from './canonical.ts'
import { columnOf, isColumns, parseColumns, textOf } from './columns.ts'
import { wholeNumber } from './encodings.ts'
import { type Columns, type ColumnsForm, HashRefused, INSTEAD, type ReadForm } from './form.ts'

const unreadable = () =>
  new HashRefused("Keycloak's secretData and credentialData can't be read: export the credential as it is stored.")

function memberOf(columns: Columns, name: string): Columns {
  const value = columnOf(columns, name)
  const member = typeof value === 'string' ? parseColumns(value) : value
  if (!isColumns(member)) throw unreadable()
  return member
}

/** `{"memory": ["7168"]}` */
function firstOf(parameters: unknown, name: string): string | undefined {
  const values = isColumns(parameters) ? columnOf(parameters, name) : undefined
  const [first] = Array.isArray(values) ? values : []
  return typeof first === 'string' ? first : undefined
}

const digests = new Map([
  ['pbkdf2', 'sha1'],
  ['pbkdf2-sha256', 'sha256'],
  ['pbkdf2-sha512', 'sha512'],
])
const types = new Map([
  ['d', 'argon2d'],
  ['i', 'argon2i'],
  ['id', 'argon2id'],
] as const)
const versions = new Map([
  ['1.0', 16],
  ['1.3', 19],
] as const)

const valueIn = <Value>(known: ReadonlyMap<string, Value>, name: string | undefined): Value | undefined =>
  name === undefined ? undefined : known.get(name)

/** @param iterations are Argon2's passes */
function readArgon2(parameters: unknown, iterations: number | undefined, salt?: Buffer, tag?: Buffer) {
  return importedArgon2('keycloak argon2', {
    type: valueIn(types, firstOf(parameters, 'type')),
    version: valueIn(versions, firstOf(parameters, 'version')),
    memoryCost: wholeNumber(firstOf(parameters, 'memory')),
    timeCost: iterations,
    parallelism: wholeNumber(firstOf(parameters, 'parallelism')),
    salt,
    tag,
  })
}

function read(secret: Columns, value: string, credential: Columns): ReadForm {
  const algorithm = textOf(credential, 'algorithm') ?? ''
  const iterations = wholeNumber(textOf(credential, 'hashIterations'))
  const [salt, key] = [textOf(secret, 'salt'), textOf(secret, value)].map(text => fromBase64(text ?? '='))
  const digest = digests.get(algorithm)
  if (algorithm !== 'argon2' && digest === undefined) {
    throw new HashRefused(`Keycloak wrote this hash with a provider that is not known here. ${INSTEAD}`)
  }
  const found =
    digest === undefined
      ? readArgon2(columnOf(credential, 'additionalParameters'), iterations, salt, key)
      : importedPbkdf2(`keycloak ${algorithm}`, { digest, iterations, salt, key })
  if (found === undefined) throw unreadable()
  return found
}

export const keycloak: ColumnsForm = columns => {
  const old = Object.hasOwn(columns, 'hashedSaltedValue')
  if (!old && !Object.hasOwn(columns, 'secretData') && !Object.hasOwn(columns, 'credentialData')) return undefined
  if ((textOf(columns, 'type') ?? 'password') !== 'password') {
    throw new HashRefused('This credential of Keycloak is not a password.')
  }
  // Before version 8 the members stood side by side.
  return old
    ? read(columns, 'hashedSaltedValue', columns)
    : read(memberOf(columns, 'secretData'), 'value', memberOf(columns, 'credentialData'))
}
