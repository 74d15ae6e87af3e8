import { createHash } from 'node:crypto'
import { type PasswordHasher, passwordHasher } from '../../src/passwords/passwords.ts'

/** As today's hashes begin, so that none is taken for an outdated one, and with a salt that none of them has. */
const prefix = '$argon2id$v=19$m=19456,t=2,p=1$nonenonenone$'
const hash = (password: string) => `${prefix}${createHash('sha256').update(password).digest('base64').slice(0, -1)}`

/** In the place of Argon2id where the hash is not the subject. What was really hashed it leaves to the real one. */
export const fastHasher: PasswordHasher = {
  hash: async password => hash(password),
  verify: async (stored, password) =>
    stored.startsWith(prefix) ? stored === hash(password) : passwordHasher.verify(stored, password),
}
