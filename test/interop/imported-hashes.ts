/** Hashes that libraries of others have just made, imported into a service at which their owners sign in over HTTP. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { ourParameters } from '../../src/passwords/algorithms/argon2.ts'
import { spawnService } from '../support/process.ts'
import { api, secret, temporaryFolder } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

/** What libraries differ about. */
export const passwords = {
  ascii: 'correct horse battery staple 9',
  composed: 'Straße Café über 9 Bäume'.normalize('NFC'),
  decomposed: 'Straße Café über 9 Bäume'.normalize('NFD'),
  blank: ' correct horse battery staple 9',
  long: 'correct horse battery staple 9, '.repeat(3),
  quotes: 'it\'s a "quoted" \\ backslash 9',
} as const

export type PasswordName = keyof typeof passwords

/** What a program says on a line. */
export interface Made {
  readonly form: string
  readonly password: PasswordName
  /** As a file has it: the text of `password_hash`, or the record. */
  readonly hash: unknown
}

const said = new Map<string, string>()

/** What a program says that reads the passwords by their names; it is asked once. */
export function run(program: string, words: readonly string[]): string {
  const command = [program, ...words].join(' ')
  const options = { input: JSON.stringify(passwords), encoding: 'utf8', maxBuffer: 1e8 } as const
  const text = said.get(command) ?? execFileSync(program, words, options)
  said.set(command, text)
  return text
}

/** Of a program that answers with a line for each form of each. */
export const make = (program: string, words: readonly string[]): readonly Made[] =>
  run(program, words)
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

/** Typed on a keyboard that composes otherwise; where there is nothing to compose, the same. */
const spelledOtherwise = (password: string): string =>
  password === password.normalize('NFC') ? password.normalize('NFD') : password.normalize('NFC')

/** A service, and its command line in processes of its own. */
export async function withService(t: Test) {
  const folder = temporaryFolder(t)
  const service = await spawnService(t, folder)
  await service.prepare(['roles', 'add', 'reader', '--permission', 'posts:read'])
  const grants = ['--grant', 'password', '--scope', '*', '--audience', api]
  await service.prepare(['clients', 'add', 'web-app', ...grants, '--secret-stdin'], secret)

  const signIn = async (username: string, password: string) => {
    const { status, body } = await service.token({ grant_type: 'password', username, password }, ['web-app', secret])
    return status === 200 ? 200 : body.error
  }
  const storedOf = (username: string): string => {
    const [row] = select(
      join(folder, 'db', 'signet.sqlite'),
      'SELECT password_hash FROM users WHERE username = ?',
      username,
    )
    return row?.['password_hash'] ?? ''
  }

  return {
    signIn,
    storedOf,
    /** @param words what the command is told besides the file */
    async importFile(text: string, words: readonly string[] = []) {
      const file = join(folder, 'users')
      writeFileSync(file, text)
      return service.cli(['users', 'import', file, ...words])
    },
    /** A right password, however it is spelled, works, and is then one of ours. */
    async assertSignsIn(t: Test, username: string, password: string) {
      const statuses = [await signIn(username, spelledOtherwise(password)), await signIn(username, password)]
      t.same(statuses, [200, 200], `${username} signs in`)
      t.ok(storedOf(username).startsWith(ourParameters), `${username} has a hash of ours afterwards`)
    },
    async assertRefuses(t: Test, username: string, password: string) {
      t.equal(await signIn(username, password), 'invalid_grant', `${username} with another password`)
    },
  }
}

type Service = Awaited<ReturnType<typeof withService>>

const asRecord = ({ hash }: Made, username: string) =>
  JSON.stringify({ username, password_hash: hash, roles: ['reader'] })

export interface Library {
  readonly name: string
  /** Makes its hashes. */
  readonly make: () => readonly Made[] | Promise<readonly Made[]>
  /** How many forms there must be of each password, at the least. */
  readonly forms: number
  /** What the command is told. */
  readonly words?: readonly string[]
  /** Those of which it has fewer, since it refuses them. */
  readonly refused?: readonly PasswordName[]
}

/** As many at once as one network may have. */
const AT_ONCE = 2

async function importAll(t: Test, service: Service, { name, make, forms, words, refused = [] }: Library) {
  const made = await make()
  for (const password of Object.keys(passwords) as PasswordName[])
    if (!refused.includes(password)) t.ok(made.filter(one => one.password === password).length >= forms, password)

  const users = made.map(one => ({ ...one, username: `${name}: ${one.form} ${one.password}` }))
  const file = users.map(user => `${asRecord(user, user.username)}\n`).join('')
  const { code, stdout, stderr } = await service.importFile(file, words)
  t.equal(code, 0, stdout + stderr)

  const signsIn = async ({ username, password }: (typeof users)[number]) => {
    if (password === 'ascii') await service.assertRefuses(t, username, `another ${passwords.ascii}`)
    await service.assertSignsIn(t, username, passwords[password])
  }
  for (let from = 0; from < users.length; from += AT_ONCE)
    await Promise.all(users.slice(from, from + AT_ONCE).map(signsIn))
}

/** Whoever has a hash of one of these libraries signs in after an import, however the password is spelled, and is then one of ours. */
export function testImports(libraries: readonly Library[]): void {
  test('who has a hash of another library signs in after an import', async t => {
    const service = await withService(t)
    for (const library of libraries) await t.test(library.name, t => importAll(t, service, library))
  })
}

export interface Export {
  readonly name: string
  /** The file, as the system writes it: people whose names are those of their passwords. */
  readonly write: () => string | Promise<string>
  /** What the command is told, in a folder of its own. */
  readonly words: (folder: string) => readonly string[]
  /** Those whose password is `ascii`, and who can't sign in. */
  readonly kept?: readonly string[]
}

/** Whom a system's own export tells of, signs in after its import. */
export function testExport({ name, write, words, kept = [] }: Export): void {
  test(`${name}: whom the export tells of signs in after an import`, async t => {
    const service = await withService(t)
    const { code, stdout, stderr } = await service.importFile(await write(), words(temporaryFolder(t)))
    t.equal(code, 0, stdout + stderr)
    for (const username of kept) await service.assertRefuses(t, username, passwords.ascii)
    for (const [username, password] of Object.entries(passwords)) await service.assertSignsIn(t, username, password)
  })
}
