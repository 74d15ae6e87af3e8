/**
 * What other systems do to a password before they hash it. Each makes one or several of one, and may know a secret or a salt of its own.
 * In a stored hash they stand before it, in the order in which they are done: `{any-spelling}{sha256-hex}$2b$…`.
 */
import { createHash, createHmac } from 'node:crypto'
import { fromBase64, toBase64 } from './algorithms/base64.ts'
import { normalizePassword } from './password-rules.ts'

type Prepare = (passwords: readonly string[], value: Buffer) => readonly string[]

const eachOf =
  (prepare: (password: string, value: Buffer) => string): Prepare =>
  (passwords, value) =>
    passwords.map(password => prepare(password, value))

/** What PHP's trim() takes off. */
const isBlank = (char: string | undefined): boolean => char !== undefined && ' \t\n\r\v\0'.includes(char)

/** By hand, because an expression for the end begins anew at each of many blanks in the middle. */
function trimmed(password: string): string {
  let [start, end] = [0, password.length]
  while (start < end && isBlank(password[start])) start += 1
  while (start < end && isBlank(password[end - 1])) end -= 1
  return password.slice(start, end)
}

/** PHP's addslashes(): WordPress hashed what its forms sent as they had been escaped. */
const slashed = (password: string): string => password.replace(/['"\\]/g, '\\$&')

/** What bcrypt takes of a password. */
const BCRYPT_BYTES = 72

/** As it is, and as Symfony hashes what is too long for bcrypt, without saying so. */
const withSymfonys = (password: string): string[] =>
  Buffer.byteLength(password) > BCRYPT_BYTES
    ? [password, createHash('sha512').update(password).digest('base64')]
    : [password]

const preparations = {
  /** Nobody else normalises: as typed, then composed, then decomposed. */
  'any-spelling': passwords => passwords.flatMap(typed => [typed, normalizePassword(typed), typed.normalize('NFD')]),
  wordpress: passwords => passwords.map(trimmed).flatMap(text => [text, slashed(text)]),
  /** The password as it is, too: of phpass nobody knows who wrote it. */
  'maybe-wordpress': passwords => [...passwords, ...passwords.map(trimmed).flatMap(text => [text, slashed(text)])],
  'maybe-symfony': passwords => passwords.flatMap(withSymfonys),
  'sha256-hex': eachOf(password => createHash('sha256').update(password).digest('hex')),
  'sha256-base64': eachOf(password => createHash('sha256').update(password).digest('base64')),
  'hmac-sha256-base64': eachOf((password, key) => createHmac('sha256', key).update(password).digest('base64')),
  'hmac-sha384-base64': eachOf((password, key) => createHmac('sha384', key).update(password).digest('base64')),
  append: eachOf((password, pepper) => password + pepper.toString()),
} as const satisfies Record<string, Prepare>

export type PreparationName = keyof typeof preparations

/** @param value a key, a pepper */
export const spellPreparation = (name: PreparationName, value?: Buffer): string =>
  value === undefined ? `{${name}}` : `{${name}:${toBase64(value)}}`

const first = /^\{([a-z0-9-]+)(?::([A-Za-z0-9+/]*))?\}/

const isPreparation = (name: string): name is PreparationName => Object.hasOwn(preparations, name)

export interface ReadPreparations {
  /** What is left of the text. */
  readonly hash: string
  /** What may have been hashed where this was typed, each once. */
  readonly candidates: (password: string) => readonly string[]
}

/** Undefined: there is one that nobody knows. */
export function readPreparations(text: string): ReadPreparations | undefined {
  const steps: ((passwords: readonly string[]) => readonly string[])[] = []
  let hash = text
  for (let found = first.exec(hash); found !== null; found = first.exec(hash)) {
    const [whole, name = '', encoded = ''] = found
    const value = fromBase64(encoded)
    if (!isPreparation(name) || value === undefined) return undefined
    const prepare: Prepare = preparations[name]
    steps.push(passwords => prepare(passwords, value))
    hash = hash.slice(whole.length)
  }
  const candidates = (password: string) => [
    ...new Set(steps.reduce<readonly string[]>((passwords, step) => step(passwords), [password])),
  ]
  return { hash, candidates }
}
