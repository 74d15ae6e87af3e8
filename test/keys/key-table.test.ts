/** Private keys in the database: a store as good as the files, and nothing that a copy of the database is enough for. */
import { randomBytes } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { createKeyEncryption } from '../../src/keys/key-encryption.ts'
import { createKeyTable } from '../../src/keys/key-table.ts'
import { systemRandomness } from '../../src/randomness.ts'
import type { PrivateKeyPurpose } from '../../src/records/private-key.ts'
import { openMigrated } from '../../src/storage/open-database.ts'
import { patient } from '../support/postgres.ts'
import { environmentOf, temporaryFolder } from '../support/serve.ts'
import { change, select } from '../support/sqlite.ts'
import { k1, k2, keyStoreChecks } from './key-store-conformance.ts'

const [current, before] = [randomBytes(32), randomBytes(32)]
const sources = { clock: systemClock, randomness: systemRandomness, pool: patient }

/** A database; each call of `open` is a process of its own at it. */
async function emptyDatabase(t: Test) {
  const folder = temporaryFolder(t)
  const { database } = readConfig(await environmentOf(folder))
  const open = async (
    purpose: PrivateKeyPurpose = 'signing',
    key: Uint8Array | undefined = current,
    old?: Uint8Array,
  ) => {
    const { read, write, close } = await openMigrated(database, sources)
    t.teardown(close)
    const encryption = key && createKeyEncryption(purpose, key, old)
    return createKeyTable({ purpose, read: read.privateKeys, write, encryption })
  }
  const file = database.kind === 'postgres' ? database.url : database.path
  const jweOf = (kid: string): string => select(file, 'select jwe from private_keys where kid = ?', kid)[0]?.['jwe']
  return { file, open, jweOf }
}

t.test('the table of private keys', async t => {
  keyStoreChecks(t, { name: 'the table', open: async t => (await emptyDatabase(t)).open })
})

const isDamaged = {
  name: 'KeyError',
  message: /k1 \(in the database\) can't be decrypted: it names .* it is damaged\. Restore/,
}
const isLocked = { name: 'KeyError', message: /k1 \(in the database\) can't be decrypted: .*another key/ }

t.test(
  'a key is encrypted whatever state it is in, and the row tells under which key and whose half it is',
  async t => {
    const { open, jweOf } = await emptyDatabase(t)
    const store = await open()
    await store.prepare('k1', k1)
    const headers = [decodeProtectedHeader(jweOf('k1'))]
    await store.commit('k1')
    headers.push(decodeProtectedHeader(jweOf('k1')))
    for (const header of headers) t.match(header, { alg: 'dir', enc: 'A256GCM', purpose: 'signing', of: 'k1' })
    const kid = String(headers[0]?.kid)
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      t.notOk(current.toString(encoding).includes(kid), `the name is no part of the key in ${encoding}`)
  },
)

t.test('another key opens nothing, and without one nothing is written', async t => {
  const { open } = await emptyDatabase(t)
  const store = await open()
  await store.prepare('k1', k1)
  await store.commit('k1')
  await t.rejects((await open('signing', before)).read('k1'), isLocked)
  const without = createKeyTable({
    ...{ purpose: 'signing', encryption: undefined, write: async () => t.fail('nothing is written') as never },
    read: { list: async () => [{ kid: 'k1', state: 'kept', jwe: 'x' }] },
  })
  await t.rejects(without.read('k1'), { name: 'KeyError', message: /SIGNET_KEY_ENCRYPTION_KEY is not set/ })
  await t.rejects(without.prepare('k2', k2), { name: 'KeyError', message: /SIGNET_KEY_ENCRYPTION_KEY is not set/ })
})

t.test('whoever can write to the database can exchange no key for another, of whatever purpose', async t => {
  const { file, open, jweOf } = await emptyDatabase(t)
  const [store, audit] = [await open(), await open('audit')]
  for (const [kid, key] of [
    ['k1', k1],
    ['k2', k2],
  ] as const)
    await store.commit(kid, key)
  await audit.commit('k3', k2)
  const own = jweOf('k1')
  for (const other of ['k2', 'k3']) {
    change(file, "update private_keys set jwe = ? where kid = 'k1'", jweOf(other))
    const refusal = { name: 'KeyError', message: /holds the private half of another key/ }
    await t.rejects(store.read('k1'), refusal, other)
  }
  change(file, "update private_keys set jwe = ? where kid = 'k1'", own)
  t.ok((await store.read('k1')).equals(k1))
  change(file, "update private_keys set purpose = 'audit' where kid = 'k1'")
  await t.rejects(audit.read('k1'), { name: 'KeyError', message: /holds the private half of another key/ })
})

t.test('a damaged row is refused, with what to do', async t => {
  const { file, open, jweOf } = await emptyDatabase(t)
  const store = await open()
  await store.commit('k1', k1)
  const parts = jweOf('k1').split('.')
  for (const [number, part] of parts.entries()) {
    const spoilt = `${part[0] === 'A' ? 'B' : 'A'}${part.slice(1)}`
    change(file, 'update private_keys set jwe = ?', parts.with(number, spoilt).join('.'))
    await t.rejects(store.read('k1'), number === 0 ? isLocked : isDamaged, `part ${number}`)
  }
  for (const jwe of ['', 'x', '{}']) {
    change(file, 'update private_keys set jwe = ?', jwe)
    await t.rejects(store.read('k1'), isLocked, jwe)
  }
})

t.test(
  'keys are moved to another key-encryption key, those that are prepared too, and those of neither are left',
  async t => {
    const { file, open, jweOf } = await emptyDatabase(t)
    const old = await open('signing', before)
    await old.commit('k1', k1)
    await old.prepare('k2', k2)
    await (await open('signing', randomBytes(32))).commit('k3', k1)
    const store = await open('signing', current, before)
    await store.commit('k4', k2)

    t.ok((await store.read('k1')).equals(k1), 'both are accepted')
    const under = async () => Object.fromEntries((await store.protections()).map(({ kid, under }) => [kid, under]))
    t.strictSame(await under(), { k1: 'before', k2: 'before', k3: 'unknown', k4: 'current' })
    const first = await store.rewrap()
    t.match(first, { done: ['k1', 'k2'], left: [{ kid: 'k3', problem: /k3 .*can't be decrypted/ }] })
    t.strictSame(await under(), { k1: 'current', k2: 'current', k3: 'unknown', k4: 'current' })
    t.strictSame(await store.listPrepared(), ['k2'], 'it is as prepared as before')

    const rows = select(file, 'select kid, state, jwe from private_keys order by kid')
    t.match(await store.rewrap(), { done: [], left: [{ kid: 'k3' }] }, 'again, it has nothing to do')
    t.strictSame(select(file, 'select kid, state, jwe from private_keys order by kid'), rows)
    await t.rejects(old.read('k1'), isLocked)
    const alone = await open('signing', current)
    t.ok((await alone.read('k1')).equals(k1))
    t.ok((await alone.read('k2')).equals(k2))
    t.not(jweOf('k1'), jweOf('k2'))
  },
)

t.test('what another process removed or moved meanwhile is not put back', async t => {
  const { file, open } = await emptyDatabase(t)
  await (await open('signing', before)).commit('k1', k1)
  await (await open('signing', before)).commit('k2', k2)
  const store = await open('signing', current, before)
  const other = await open('signing', current, before)
  const [one, two] = await Promise.all([store.rewrap(), other.rewrap(), store.remove('k1')])
  t.strictSame(await store.list(), ['k2'])
  t.strictSame([...one.left, ...two.left], [])
  t.equal(select(file, 'select * from private_keys').length, 1)
  t.ok((await other.read('k2')).equals(k2))
})
