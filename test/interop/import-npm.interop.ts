/** Hashes of npm's packages. NPM_HASHES names the bcrypt.js of bcrypt, beside which the others are installed. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Made, type PasswordName, passwords, testExport, testImports } from './imported-hashes.ts'

const requireThere = createRequire(process.env['NPM_HASHES'] ?? import.meta.url)
type Hash = (password: string) => unknown

/** Each form with each password; what a library is told stands where it is called. */
async function makeAll(forms: Readonly<Record<string, Hash>>): Promise<readonly Made[]> {
  const made: Made[] = []
  for (const [form, hash] of Object.entries(forms))
    for (const [name, password] of Object.entries(passwords))
      made.push({ form, password: name as PasswordName, hash: await hash(password) })
  return made
}

testImports([
  {
    name: "npm's packages",
    forms: 8,
    make: () => {
      const [bcrypt, bcryptjs, argon2] = ['bcrypt', 'bcryptjs', 'argon2'].map(requireThere)
      const { hashIdentityPasswordV2, hashIdentityPasswordV3 } = requireThere('asp-identity-pw')
      const { PasswordHasher } = requireThere('aspnetcore-identity-password-hasher/build/PasswordHasher')
      return makeAll({
        bcrypt: password => bcrypt.hash(password, 10),
        bcryptjs: password => bcryptjs.hash(password, 6),
        argon2: password => argon2.hash(password),
        'argon2i, others': password =>
          argon2.hash(password, { type: 1, memoryCost: 19457, parallelism: 3, hashLength: 24 }),
        '@phc/pbkdf2': password => requireThere('@phc/pbkdf2').hash(password),
        'ASP.NET v2': hashIdentityPasswordV2,
        'ASP.NET v3': hashIdentityPasswordV3,
        'ASP.NET v3, more iterations': password => new PasswordHasher(100_000).hashPassword(password),
      })
    },
  },
])

/** As the console of a project shows them; the key is made up. */
const hashConfig = {
  algorithm: 'SCRYPT',
  base64_signer_key: randomBytes(64).toString('base64'),
  base64_salt_separator: 'Bw==',
  rounds: 8,
  mem_cost: 14,
}

/** `hash_config {` and its members, as they are copied from there. */
const asShown = (config: object): string =>
  `hash_config {\n${Object.entries(config)
    .map(([name, value]) => `  ${name}: ${value},\n`)
    .join('')}}\n`

testExport({
  name: 'Firebase',
  async write() {
    const { FirebaseScrypt } = requireThere('firebase-scrypt')
    const { rounds, mem_cost: memCost, base64_salt_separator: saltSeparator, base64_signer_key: signerKey } = hashConfig
    const scrypt = new FirebaseScrypt({ rounds, memCost, saltSeparator, signerKey })
    const users: object[] = [{ localId: 'google', email: 'google', emailVerified: true, providerUserInfo: [{}] }]
    for (const [email, password] of Object.entries(passwords)) {
      const salt = randomBytes(10).toString('base64')
      users.push({ localId: `uid-${email}`, email, passwordHash: await scrypt.hash(password, salt), salt })
    }
    return JSON.stringify({ users })
  },
  words(folder) {
    const file = join(folder, 'hash-config')
    writeFileSync(file, asShown(hashConfig))
    return ['--format', 'firebase', '--hash-config', file]
  },
  kept: ['google'],
})
