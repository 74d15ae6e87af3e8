/** However many processes start for the first time at once, and however they end: one pair of keys. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { AUDIT_KEYS } from '../../src/keys/key-directory.ts'
import { atKeys } from '../support/first-keys.ts'
import { createHold, type Hold } from '../support/hold.ts'
import { environmentOf, serve, temporaryFolder } from '../support/serve.ts'
import { notOnPostgres, select } from '../support/sqlite.ts'
import { startTogether } from '../support/together.ts'

const skip = notOnPostgres('it looks into the file')

const kidsIn = (folder: string): string[] =>
  select(join(folder, 'db', 'signet.sqlite'), 'select kid from signing_keys order by kid').map(({ kid }) => kid)

const keyFilesIn = (folder: string, isOne = /\.pem$/) =>
  readdirSync(join(folder, 'keys'))
    .filter(name => isOne.test(name))
    .sort()

/** Keys that are written, and that nobody may use yet. */
const preparedIn = (folder: string) => keyFilesIn(folder, /^\..+\.pem\.new$/)

const auditedIn = (folder: string, type: string): string[] =>
  select(
    join(folder, 'db', 'signet.sqlite'),
    'select target from audit_events where type = ? order by target',
    type,
  ).map(({ target }) => target)

/** Database, files and audit tell of the same two keys, and of one that seals the audit. */
function hasOnePair(t: Tap, folder: string): void {
  const kids = kidsIn(folder)
  t.equal(kids.length, 2)
  t.strictSame(
    keyFilesIn(folder),
    kids.map(kid => `${kid}.pem`),
  )
  t.strictSame(preparedIn(folder), [])
  t.strictSame(auditedIn(folder, 'signing_key.add'), kids)
  const auditKeys = select(join(folder, 'db', 'signet.sqlite'), 'select kid from audit_keys').map(({ kid }) => kid)
  t.equal(auditKeys.length, 1)
  t.strictSame(readdirSync(join(folder, 'keys', AUDIT_KEYS)), [`${auditKeys[0]}.pem`])
  t.strictSame(auditedIn(folder, 'audit_key.add'), auditKeys)
}

type Tap = Pick<typeof t, 'equal' | 'strictSame'>

/** The write of the keys stops at the hold: they are made and their files written, and no row exists. */
const heldBack = (hold: Hold): Faults => atKeys(write => work => hold.pass(() => write(work)))

t.test('two services that both made keys before either stored them agree on one pair', { skip }, async t => {
  const folder = temporaryFolder(t)
  const hold = createHold()
  hold.close()
  const starting = [serve(t, { folder, faults: heldBack(hold) }), serve(t, { folder, faults: heldBack(hold) })]
  await hold.waiting(2)
  t.strictSame([keyFilesIn(folder).length, preparedIn(folder).length], [0, 4])
  hold.open()
  const [one, other] = await Promise.all(
    (await Promise.all(starting)).map(service => service.get('/.well-known/jwks.json')),
  )
  t.equal(one?.text, other?.text)
  hasOnePair(t, folder)
})

t.test('a service that looked before the other one committed still notices that it came second', { skip }, async t => {
  const folder = temporaryFolder(t)
  const hold = createHold()
  hold.close()
  // What a transaction of its own snapshot sees: no keys, although they are there when it inserts its own.
  const sawNothing = atKeys(
    write => work =>
      hold.pass(() =>
        write(stores => work({ ...stores, signingKeys: { ...stores.signingKeys, list: async () => [] } })),
      ),
  )
  const second = serve(t, { folder, faults: sawNothing })
  await hold.waiting(1)
  const first = await serve(t, { folder })
  hold.open()
  const published = await (await second).get('/.well-known/jwks.json')
  t.equal(published.text, (await first.get('/.well-known/jwks.json')).text)
  hasOnePair(t, folder)
})

t.test('two services that both named the database before either stored that agree on one name', { skip }, async t => {
  const folder = temporaryFolder(t)
  const hold = createHold()
  hold.close()
  const faults: Faults = { write: write => work => hold.pass(() => write(work)) }
  const starting = [serve(t, { folder, faults }), serve(t, { folder, faults })]
  await hold.waiting(2)
  hold.open()
  const [one] = await Promise.all(starting)
  await one?.stop()
  t.equal(select(join(folder, 'db', 'signet.sqlite'), 'select * from instance').length, 1)
  await t.resolves(serve(t, { folder }), 'the file of that name is there')
})

t.test('two processes that start for the first time at once publish the same pair', { skip }, async t => {
  const folder = temporaryFolder(t)
  const starts = await Promise.all([1, 2].map(async () => ({ environment: await environmentOf(folder) })))
  const parts = await startTogether(t, 'start-once.ts', starts)
  const published: string[] = []
  for (const { onLine } of parts) onLine(line => line.startsWith('{') && published.push(line))
  for (const { ended } of parts) t.strictSame(await ended, { code: 0, signal: null, stderr: '' })
  t.equal(published.length, 2)
  t.equal(published[0], published[1])
  hasOnePair(t, folder)
})

t.test(
  'kill -9 after the files of the first keys were written and before their rows: the next start works',
  { skip },
  async t => {
    const folder = temporaryFolder(t)
    const environment = await environmentOf(folder)
    const [part] = await startTogether(t, 'start-once.ts', [{ words: ['die-before-keys-are-stored'], environment }])
    t.match(await part?.ended, { signal: 'SIGKILL' })
    t.strictSame(kidsIn(folder), [])
    t.strictSame([keyFilesIn(folder).length, preparedIn(folder).length], [0, 2])

    const service = await serve(t, { folder })
    const { body } = await service.get('/.well-known/jwks.json')
    t.strictSame(body.keys.map(({ kid }: { kid: string }) => kid).sort(), kidsIn(folder))
    hasOnePair(t, folder)
  },
)

t.test('a write that fails at the first start stops the service, and the next start works', { skip }, async t => {
  const folder = temporaryFolder(t)
  const failing: Faults = { write: () => () => Promise.reject(new Error('the disk is full')) }
  await t.rejects(serve(t, { folder, faults: failing }), { message: 'the disk is full' })
  t.strictSame(kidsIn(folder), [])
  await serve(t, { folder })
  t.equal(kidsIn(folder).length, 2)
})
