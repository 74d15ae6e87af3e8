/**
 * The PHC string format (github.com/P-H-C/phc-string-format), `$name$v=19$m=…,t=…$salt$hash`, as PHP, Python, Rust, Node and many others
 * write Argon2, scrypt and PBKDF2. Parameters are read in any order, and base64 with or without padding.
 */
import type { Argon2Fields } from '../algorithms/argon2.ts'
import { fromBase64 } from '../algorithms/base64.ts'
import { importedArgon2, importedPbkdf2, importedScrypt } from './canonical.ts'
import { wholeNumber } from './encodings.ts'
import type { ReadForm, TextForm } from './form.ts'

interface PhcString {
  readonly name: string
  readonly version: string | undefined
  readonly parameters: ReadonlyMap<string, string>
  readonly salt: Buffer | undefined
  readonly hash: Buffer | undefined
}

const pattern = /^\$([a-z0-9-]+)(?:\$v=(\d+))?\$([^$]+)\$([^$]+)\$([^$]+)$/

function readPhcString(text: string): PhcString | undefined {
  const [, name, version, list = '', salt = '', hash = ''] = pattern.exec(text) ?? []
  if (name === undefined) return undefined
  const pairs = list.split(',').map(pair => /^([a-z0-9-]+)=([^=]+)$/.exec(pair))
  const parameters = new Map(pairs.map(pair => [pair?.[1] ?? '', pair?.[2] ?? '']))
  // What could not be read, or stands there twice, leaves fewer.
  if (parameters.size !== pairs.length || parameters.has('')) return undefined
  return { name, version, parameters, salt: fromBase64(salt), hash: fromBase64(hash) }
}

/** Whether these are the parameters, and no others. */
const hasOnly = ({ parameters }: PhcString, needed: readonly string[], possible: readonly string[] = []): boolean =>
  needed.every(name => parameters.has(name)) &&
  [...parameters.keys()].every(name => needed.includes(name) || possible.includes(name))

const numberIn = ({ parameters }: PhcString, name: string) => wholeNumber(parameters.get(name))

const argon2Types: readonly Argon2Fields['type'][] = ['argon2d', 'argon2i', 'argon2id']
const typeOf = (name: string) => argon2Types.find(type => type === name)

/** Before there was a `v=` there was version 16 only. */
const versionOf = (text = '16') => (text === '16' ? 16 : text === '19' ? 19 : undefined)

/**
 * @param form by default the name of the algorithm
 * @param secret the pepper, if there is one
 */
export function readPhcArgon2(text: string, form?: string, secret?: Buffer): ReadForm | undefined {
  const phc = readPhcString(text)
  const type = phc && typeOf(phc.name)
  if (phc === undefined || type === undefined || !hasOnly(phc, ['m', 't', 'p'])) return undefined
  const [memoryCost, timeCost, parallelism] = ['m', 't', 'p'].map(name => numberIn(phc, name))
  const { version, salt, hash: tag } = phc
  const costs = { memoryCost, timeCost, parallelism }
  return importedArgon2(form ?? type, { type, version: versionOf(version), ...costs, salt, tag }, secret)
}

/** passlib writes this form, too. */
function readPhcScrypt(phc: PhcString): ReadForm | undefined {
  if (phc.version !== undefined || !hasOnly(phc, ['ln', 'r', 'p'])) return undefined
  const [log2N, r, p] = ['ln', 'r', 'p'].map(name => numberIn(phc, name))
  const n = log2N !== undefined && log2N < 32 ? 2 ** log2N : undefined
  return importedScrypt('scrypt', { n, r, p, salt: phc.salt, key: phc.hash })
}

/** `l` is the length of the hash. */
const hasItsLength = (phc: PhcString): boolean => !phc.parameters.has('l') || numberIn(phc, 'l') === phc.hash?.length

function readPhcPbkdf2(phc: PhcString): ReadForm | undefined {
  if (phc.version !== undefined || !hasOnly(phc, ['i'], ['l']) || !hasItsLength(phc)) return undefined
  const digest = phc.name.slice('pbkdf2-'.length)
  return importedPbkdf2(phc.name, { digest, iterations: numberIn(phc, 'i'), salt: phc.salt, key: phc.hash })
}

/** Mattermost's, whose names are f, w and l. */
function readMattermost(phc: PhcString): ReadForm | undefined {
  if (phc.version !== undefined || !hasOnly(phc, ['f', 'w', 'l']) || !hasItsLength(phc)) return undefined
  const digest = phc.parameters.get('f') ?? ''
  return importedPbkdf2('mattermost pbkdf2', { digest, iterations: numberIn(phc, 'w'), salt: phc.salt, key: phc.hash })
}

export const phc: TextForm = (text, { pepper }) => {
  if (text.startsWith('$argon2')) return readPhcArgon2(text, undefined, pepper)
  const string = readPhcString(text)
  if (string?.name === 'scrypt') return readPhcScrypt(string)
  if (string?.name === 'pbkdf2') return readMattermost(string)
  return string?.name.startsWith('pbkdf2-') ? readPhcPbkdf2(string) : undefined
}
