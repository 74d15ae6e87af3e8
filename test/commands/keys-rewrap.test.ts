/** `signet keys rewrap`: private keys come to where they belong, under the key of today, and no token and no restart notices. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'
import t, { type Test } from 'tap'
import { rowsOf } from '../support/audit.ts'
import { commandLine } from '../support/command-line.ts'
import { addAlice, byTest, environmentOf, serve, signIn, temporaryFolder } from '../support/serve.ts'
import { examine, kidsIn, refusedStart, signingKidOf, startedBefore } from '../support/signing-keys.ts'
import { change, rowsIn, select } from '../support/sqlite.ts'
import { unwrapped } from '../support/unwrapped.ts'

// Each has a service of its own.
t.jobs = 2

const [old, current] = [randomBytes(32), randomBytes(32)]
const under = (key: Buffer) => ({ SIGNET_KEY_ENCRYPTION_KEY: key.toString('base64') })
const moving = { ...under(current), SIGNET_KEY_ENCRYPTION_KEY_BEFORE: old.toString('base64') }
const inDatabase = { SIGNET_KEYS_STORE: 'database', ...under(current) }

interface Where {
  readonly folder: string
  readonly databaseFile: string
}

const filesOf = ({ folder }: Where): string[] =>
  [...readdirSync(join(folder, 'keys')), ...readdirSync(join(folder, 'keys', 'audit')).map(name => `audit/${name}`)]
    .filter(name => /\.(pem|jwe|new|rewrap)$/.test(name))
    .sort()

const auditKid = ({ databaseFile }: Where): string =>
  select(databaseFile, 'select kid from audit_keys order by number desc')[0]?.['kid']

/** What every store must have: the key that signs, the standby, and the audit's. */
const needed = (where: Where): string[] => [...kidsIn(where, 'active', 'pending'), auditKid(where)].sort()

const needsFiles = (where: Where, extension: string): string[] =>
  [
    ...kidsIn(where, 'active', 'pending').map(kid => `${kid}${extension}`),
    `audit/${auditKid(where)}${extension}`,
  ].sort()

const storedIn = ({ databaseFile }: Where): string[] =>
  select(databaseFile, "select kid from private_keys where state = 'kept' order by kid").map(({ kid }) => kid)

async function commandsIn({ folder }: Where, environment: Readonly<Record<string, string>>) {
  const { json, run, refuses } = await commandLine(t, { ...(await environmentOf(folder)), ...environment })
  return {
    ...{ json, run, refuses },
    async rewrap(...words: string[]) {
      const { moved, left, copies } = await json(['keys', 'rewrap', ...words])
      return { moved: moved.sort(), left, copies: copies.sort() }
    },
  }
}

/** Its doctor, which tries every key, has nothing to mend. */
async function isWell(t: Test, where: Where, environment: Readonly<Record<string, string>>) {
  const { code, stdout } = await (await commandsIn(where, environment)).run(['doctor'])
  t.equal(code, 0, stdout)
}

/** It serves, with the keys that it had. */
async function serves(t: Test, where: Where, environment: Readonly<Record<string, string>>) {
  const [kid] = kidsIn(where, 'active')
  const service = await serve(t, { folder: where.folder, environment })
  await addAlice(service).catch(() => undefined)
  t.equal(await signingKidOf(service), kid)
  await service.stop()
  t.notMatch(service.log(), /"(warn|error)"/)
  await isWell(t, where, environment)
}

t.test('files in the clear become encrypted ones, once', async t => {
  const where = await startedBefore(t)
  const without = await commandsIn(where, {})
  await without.refuses([{ words: ['keys', 'rewrap'], code: 1, says: /SIGNET_KEY_ENCRYPTION_KEY is not set/ }])
  t.strictSame(filesOf(where), needsFiles(where, '.pem'))
  const { rewrap, run } = await commandsIn(where, under(current))
  t.strictSame(await rewrap(), { moved: needed(where), left: [], copies: [] })
  t.strictSame(filesOf(where), needsFiles(where, '.jwe'), 'nothing in the clear is left')
  t.match(rowsOf(where.databaseFile).at(-1), { type: 'private_keys.rewrap', actor: /^operator:/ })
  const events = rowsOf(where.databaseFile).length
  t.strictSame(await rewrap(), { moved: [], left: [], copies: [] }, 'again, it has nothing to do')
  t.equal(rowsOf(where.databaseFile).length, events, 'nor to tell')
  t.match((await run(['keys', 'rewrap'])).stdout, /^Nothing was moved/)
  await isWell(t, where, under(current))
})

t.test('beside a server, keys move from one key-encryption key to another, and doctor says when they have', async t => {
  const service = await serve(t, { environment: under(old) })
  await addAlice(service)
  const { rewrap } = await commandsIn(service, moving)
  t.match(await examine(t, service, moving), {
    'key encryption': /^3 .*under SIGNET_KEY_ENCRYPTION_KEY_BEFORE\. Run: /,
  })
  t.strictSame(await rewrap(), { moved: needed(service), left: [], copies: [] })
  t.equal(await signingKidOf(service), kidsIn(service, 'active')[0], 'the server goes on')
  await service.stop()
  await isWell(t, service, moving)
  await serves(t, service, under(current))
  t.match(
    await refusedStart(t, service, under(old)),
    /can't be decrypted: .* \(it says [\w-]{16}, and [\w-]{16} is set\)/,
  )
})

t.test('what was encrypted before keys had names is read under either key, and gets a name', async t => {
  const where = await startedBefore(t, under(old))
  for (const name of filesOf(where)) {
    const file = join(where.folder, 'keys', name)
    const { plaintext } = await compactDecrypt(readFileSync(file, 'utf8'), old)
    const unnamed = new CompactEncrypt(plaintext).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    writeFileSync(file, await unnamed.encrypt(old))
  }
  await isWell(t, where, under(old))
  t.match(await examine(t, where, moving), { 'key encryption': /^3 .*_BEFORE/ })
  const { rewrap } = await commandsIn(where, moving)
  t.strictSame((await rewrap()).moved, needed(where))
  for (const name of filesOf(where))
    t.match(decodeProtectedHeader(readFileSync(join(where.folder, 'keys', name), 'utf8')), { kid: /^[\w-]{16}$/ })
  await isWell(t, where, under(current))
})

t.test(
  'a key that nobody can read is left, is told of with exit code 1, and keeps no other from being moved',
  async t => {
    const where = await startedBefore(t, under(old))
    const [lost = '', ...others] = kidsIn(where, 'active', 'pending')
    const file = join(where.folder, 'keys', `${lost}.jwe`)
    const foreign = new CompactEncrypt(randomBytes(9)).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    writeFileSync(file, await foreign.encrypt(randomBytes(32)))
    const before = readFileSync(file)
    const { run } = await commandsIn(where, moving)
    const { code, stdout } = await run(['keys', 'rewrap', '--json'])
    t.equal(code, 1)
    const { moved, left } = JSON.parse(stdout)
    t.strictSame(moved.sort(), [...others, auditKid(where)].sort())
    t.match(left, [{ kid: lost, problem: /can't be decrypted/ }])
    t.ok(readFileSync(file).equals(before), 'it is as it was')
    t.match((await run(['keys', 'rewrap'])).stdout, new RegExp(`^1 private key left:\n  .*${lost}`, 'm'))
  },
)

t.test('keys go from files into the database and back; what is missing is not called lost', async t => {
  const where = await startedBefore(t)
  const message = await refusedStart(t, where, inDatabase)
  t.match(message, /is missing\. It is in the key directory .*keys\. Bring it into the database: signet keys rewrap$/)
  const into = await commandsIn(where, inDatabase)
  t.strictSame(await into.rewrap(), { moved: needed(where), left: [], copies: needed(where) })
  t.strictSame(storedIn(where), needed(where))
  t.strictSame(filesOf(where), needsFiles(where, '.pem'), 'servers that were not restarted yet have their files')
  await isWell(t, where, {})
  const doctor = await into.run(['doctor'])
  t.match(
    unwrapped(doctor.stdout),
    /^WARNING {2}key encryption: 3 private keys are also where they were .* --remove-copies$/m,
  )
  t.strictSame(await into.rewrap('--remove-copies'), { moved: [], left: [], copies: [] })
  t.strictSame(filesOf(where), [])
  rmSync(join(where.folder, 'keys'), { recursive: true })
  await serves(t, where, inDatabase)
  t.notOk(existsSync(join(where.folder, 'keys')), 'no key directory is made')

  const files = under(current)
  const { code, stderr } = await (await commandsIn(where, files)).run(['keys', 'rotate'])
  t.match([code, stderr], [1, /There is no key directory/])
  const says =
    /^The private keys are in the database\. Set SIGNET_KEYS_STORE=database, or bring them into .*keys: signet keys rewrap\. Nothing is served\./
  const back = await serve(t, { folder: where.folder, environment: files }).catch(error => error)
  t.match(back.message, says)
  const out = await commandsIn(where, files)
  t.strictSame(await out.rewrap('--remove-copies'), { moved: needed(where), left: [], copies: [] })
  t.strictSame(filesOf(where), needsFiles(where, '.jwe'))
  t.strictSame(storedIn(where), [])
  await serves(t, where, files)
})

t.test('a move that was cut short goes on where it was', async t => {
  const where = await startedBefore(t)
  const { rewrap } = await commandsIn(where, inDatabase)
  await rewrap()
  const [first, second] = kidsIn(where, 'active', 'pending')
  // As if it had been killed after the first one, which a process was about to commit.
  change(where.databaseFile, 'delete from private_keys where kid = ?', second)
  change(where.databaseFile, "update private_keys set state = 'prepared' where kid = ?", first)
  t.strictSame((await rewrap()).moved, [first, second].sort())
  t.strictSame(storedIn(where), needed(where))
  await isWell(t, where, inDatabase)
})

t.test('a service that begins with its keys in the database needs no folder, nor does the next instance', async t => {
  const folder = temporaryFolder(t)
  const one = await serve(t, { folder, environment: inDatabase })
  await addAlice(one)
  t.notOk(existsSync(join(folder, 'keys')))
  t.strictSame(storedIn(one), needed(one))
  const other = await serve(t, {
    folder,
    environment: { ...inDatabase, SIGNET_KEYS_DIR: join(temporaryFolder(t), 'nothing'), SIGNET_ISSUER: one.issuer },
  })
  await (await one.container.keyLifecycle()).revokeAll('test', byTest)
  await other.tick()
  t.equal((await signIn(other)).status, 200)
  t.strictSame(storedIn(one), needed(one), 'the private halves of what was revoked are gone')
  for (const secret of [
    current.toString('base64'),
    current.toString('base64url'),
    current.toString('hex'),
    'PRIVATE KEY',
  ])
    t.notOk(JSON.stringify(rowsIn(one.databaseFile)).includes(secret), 'nothing in the database is enough')
  const { run } = await commandsIn(one, inDatabase)
  const { code, stdout } = await run(['doctor'])
  t.equal(code, 0, stdout)
})

t.test('with keys in the database a restore is marked and accepted as elsewhere', async t => {
  const folder = temporaryFolder(t)
  const service = await serve(t, { folder, environment: inDatabase })
  await service.stop()
  const { run } = await commandsIn(service, inDatabase)
  t.equal((await run(['doctor', '--restored'])).code, 0)
  const [kid] = kidsIn(service, 'active')
  const refused = await serve(t, { folder, environment: inDatabase }).catch(error => error)
  t.match(refused.message, /was put back, as `signet doctor --restored` was told/)
  t.equal((await run(['keys', 'rewrap'])).code, 1, 'keys of a copy are not touched')
  t.equal((await run(['doctor', '--accept-restore', '--keep-credentials'])).code, 0)
  t.not(kidsIn(service, 'active')[0], kid)
  await isWell(t, service, inDatabase)
})
