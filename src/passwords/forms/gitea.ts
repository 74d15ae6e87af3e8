/** Gitea and Forgejo (table user; modules/auth/password/hash): hash and salt in hex, and the algorithm with its parameters. */
import { importedArgon2, importedBcrypt, importedPbkdf2, importedScrypt } from './canonical.ts'
import { textOf } from './columns.ts'
import { fromHex, wholeNumber } from './encodings.ts'
import { type ColumnsForm, HashRefused, type ReadForm } from './form.ts'

/** What a name alone means: in a row `pbkdf2` and nothing are the oldest, the others are names of app.ini. */
const parametersOfNames = new Map([
  ['', 'pbkdf2$10000$50'],
  ['pbkdf2', 'pbkdf2$10000$50'],
  ['pbkdf2_v1', 'pbkdf2$10000$50'],
  ['pbkdf2_v2', 'pbkdf2$50000$50'],
  ['pbkdf2_hi', 'pbkdf2$320000$50'],
  ['argon2', 'argon2$2$65536$8$50'],
  ['scrypt', 'scrypt$65536$16$2$50'],
])

/** Rows of before 1.15 have ten characters that are no hex. */
const OLD_SALT_CHARACTERS = 10
const saltOf = (text: string) => (text.length === OLD_SALT_CHARACTERS ? Buffer.from(text) : fromHex(text))

/** @param algorithm with its parameters, the last of which is the length of the hash */
function read(passwd: string, saltText: string, algorithm: string): ReadForm | undefined {
  const [name, ...digits] = algorithm.split('$')
  const [salt, key] = [saltOf(saltText), fromHex(passwd)]
  const numbers = digits.map(wholeNumber)
  if (numbers.pop() !== key?.length) return undefined
  const [first, second, third] = numbers
  const form = `gitea ${name}`
  if (name === 'pbkdf2' && numbers.length === 1) {
    return importedPbkdf2(form, { digest: 'sha256', iterations: first, salt, key })
  }
  if (numbers.length !== 3) return undefined
  if (name === 'scrypt') return importedScrypt(form, { n: first, r: second, p: third, salt, key })
  if (name !== 'argon2') return undefined
  const costs = { timeCost: first, memoryCost: second, parallelism: third }
  return importedArgon2(form, { type: 'argon2id', version: 19, ...costs, salt, tag: key })
}

export const gitea: ColumnsForm = columns => {
  const passwd = textOf(columns, 'passwd')
  if (passwd === undefined) return undefined
  const [salt, algorithm] = [textOf(columns, 'salt'), textOf(columns, 'passwd_hash_algo')]
  if (salt === undefined || algorithm === undefined) {
    throw new HashRefused("Gitea's columns are incomplete: export passwd, salt and passwd_hash_algo.")
  }
  const found = /^bcrypt(?:\$\d+)?$/.test(algorithm)
    ? importedBcrypt('gitea bcrypt', passwd)
    : read(passwd, salt, parametersOfNames.get(algorithm) ?? algorithm)
  if (found === undefined) {
    throw new HashRefused("Gitea's passwd, salt and passwd_hash_algo can't be read: export them as they are stored.")
  }
  return found
}
