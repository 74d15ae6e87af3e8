/** `signet keys rewrap` from the database back into files: what is cut short, or was moved before, is not taken for a restore. */
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { commandLine } from '../support/command-line.ts'
import { addAlice, environmentOf, serve } from '../support/serve.ts'
import { kidsIn, signingKidOf, startedBefore } from '../support/signing-keys.ts'
import { change, select } from '../support/sqlite.ts'
import { unwrapped } from '../support/unwrapped.ts'

// Each has a service of its own.
t.jobs = 2

const files = { SIGNET_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') }
const inDatabase = { ...files, SIGNET_KEYS_STORE: 'database' }

/** A database that has served with its keys in it, and two ways to look at it. */
async function moved(t: Test) {
  const where = await startedBefore(t)
  const environment = await environmentOf(where.folder)
  const [into, out] = [
    await commandLine(t, { ...environment, ...inDatabase }),
    await commandLine(t, { ...environment, ...files }),
  ]
  await into.json(['keys', 'rewrap', '--remove-copies'])
  return { where, into, out, keys: join(where.folder, 'keys') }
}

async function signsAsBefore(t: Test, { folder, databaseFile }: { folder: string; databaseFile: string }) {
  const [kid] = kidsIn({ databaseFile }, 'active')
  const service = await serve(t, { folder, environment: files })
  await addAlice(service)
  t.equal(await signingKidOf(service), kid)
  await service.stop()
}

t.test('a move that stopped halfway goes on, and nobody is told to accept a restore', async t => {
  const { where, out } = await moved(t)
  const [, standby = ''] = kidsIn(where, 'active', 'pending')
  const [{ jwe } = { jwe: '' }] = select(where.databaseFile, `select jwe from private_keys where kid = '${standby}'`)
  change(where.databaseFile, 'update private_keys set jwe = ? where kid = ?', 'damaged', standby)
  for (const moves of [2, 0]) {
    const { code, stdout, stderr } = await out.run(['keys', 'rewrap', '--json'])
    t.equal(code, 1)
    t.equal(stderr, '')
    const { moved, left } = JSON.parse(stdout)
    t.equal(moved.length, moves)
    t.match(left, [{ kid: standby, problem: /\(in the database\) can't be decrypted/ }])
  }
  const { stdout } = await out.run(['doctor'])
  t.match(
    unwrapped(stdout),
    /^PROBLEM {2}standby key: .*It is in the database\. Set SIGNET_KEYS_STORE=database, or bring it/m,
  )
  t.match(stdout, /^ok +restore$/m)
  change(where.databaseFile, 'update private_keys set jwe = ? where kid = ?', jwe, standby)
  t.strictSame((await out.json(['keys', 'rewrap', '--remove-copies'])).moved, [standby])
  await signsAsBefore(t, where)
})

t.test('a key that was not committed yet where it was is brought, too', async t => {
  const { where, out } = await moved(t)
  change(where.databaseFile, "update private_keys set state = 'prepared' where purpose = 'signing'")
  t.equal((await out.json(['keys', 'rewrap', '--remove-copies'])).moved.length, 3)
  t.strictSame(select(where.databaseFile, 'select kid from private_keys'), [])
  await signsAsBefore(t, where)
})

t.test('the folder of before is as good as an empty one, whatever was accepted since', async t => {
  const { where, into, out, keys } = await moved(t)
  t.strictSame(
    readdirSync(keys).filter(name => /\.(epoch|writes)$/.test(name)),
    [],
    'it remembers nothing of this database',
  )
  t.equal((await into.run(['doctor', '--restored'])).code, 0)
  t.equal((await into.run(['doctor', '--accept-restore', '--keep-credentials'])).code, 0)
  t.equal((await out.json(['keys', 'rewrap', '--remove-copies'])).moved.length, 3)
  await signsAsBefore(t, where)
})

t.test('the last private key that works is not removed', async t => {
  const where = await startedBefore(t)
  const environment = await environmentOf(where.folder)
  const into = await commandLine(t, { ...environment, ...inDatabase })
  await into.json(['keys', 'rewrap'])
  const [active = '', standby = ''] = kidsIn(where, 'active', 'pending')
  const file = (kid: string) => join(where.folder, 'keys', `${kid}.pem`)
  // One is another key, which encryption hides; one is no key at all.
  copyFileSync(file(standby), file(active))
  writeFileSync(file(standby), 'damaged')
  const out = await commandLine(t, { ...environment, ...files })
  const { code, stdout } = await out.run(['keys', 'rewrap', '--remove-copies', '--json'])
  t.equal(code, 1)
  const { left, copies } = JSON.parse(stdout)
  t.match(
    new Map(left.map(({ kid, problem }: Record<string, string>) => [kid, problem])),
    new Map([
      [active, /does not fit its published half/],
      [standby, /is damaged: it holds no private key/],
    ]),
  )
  t.strictSame(copies, [active])
  const stored = select(where.databaseFile, "select kid from private_keys where purpose = 'signing' order by kid")
  t.strictSame(
    stored.map(({ kid }) => kid),
    [active, standby].sort(),
  )
  t.match((await into.run(['doctor'])).stdout, /^ok +active key\nok +standby key$/m)
})

t.test('who looks for the keys in the wrong place is refused what would end every session', async t => {
  const { where, out, keys } = await moved(t)
  rmSync(keys, { recursive: true })
  mkdirSync(keys, { mode: 0o700 })
  const before = kidsIn(where, 'active', 'pending')
  const says = /The private keys are in the database\. Set SIGNET_KEYS_STORE=database, .* Nothing was changed\./
  for (const words of [
    ['--restored'],
    ['--accept-move'],
    ['--accept-restore'],
    ['--accept-restore', '--drop-credentials'],
  ])
    await out.refuses([{ words: ['doctor', ...words], code: 1, says }])
  t.strictSame(kidsIn(where, 'active', 'pending'), before)
})
