/** The first keys of a service, and the proof of them at every start. */
import { generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import t, { type Test } from 'tap'
import { signet } from '../support/process.ts'
import { environmentOf, type Service, serve, temporaryFolder } from '../support/serve.ts'
import { change, select } from '../support/sqlite.ts'

const jwksOf = (service: Service) => service.get('/.well-known/jwks.json')
const keyFilesOf = (folder: string) => readdirSync(join(folder, 'keys')).sort()
const storedKeys = (folder: string) =>
  select(join(folder, 'db', 'signet.sqlite'), 'select kid, state from signing_keys order by state')

/** A folder in which a service was started and stopped before. */
async function startedBefore(t: Test) {
  const folder = temporaryFolder(t)
  const service = await serve(t, { folder })
  await service.stop()
  const [active, pending] = storedKeys(folder).map(({ kid }) => join(folder, 'keys', `${kid}.pem`))
  if (active === undefined || pending === undefined) throw new Error('there are no two keys')
  return { folder, active, pending }
}

t.test('a database without keys beside files of keys is started, with a warning', async t => {
  const { folder } = await startedBefore(t)
  for (const name of readdirSync(join(folder, 'db'))) rmSync(join(folder, 'db', name))
  const service = await serve(t, { folder })
  t.match(service.log(), /"info".*made the first signing keys/)
  t.match(service.log(), /"warn".*files of 2 other keys, which this database does not know/)
})

t.test('a standby key that is missing is told at the start, which does not wait for it', async t => {
  const { folder, pending } = await startedBefore(t)
  rmSync(pending)
  const service = await serve(t, { folder })
  t.match(service.log(), /"warn".*is missing.*the standby signing key is of no use/)
  t.equal((await jwksOf(service)).status, 200)
})

t.test('the first start makes one key that signs and one that stands by, both published', async t => {
  const service = await serve(t)
  const [active, pending] = storedKeys(service.folder)
  t.match([active, pending], [{ state: 'active' }, { state: 'pending' }])
  const { body } = await jwksOf(service)
  t.strictSame(body.keys.map(({ kid }: { kid: string }) => kid).sort(), [active?.['kid'], pending?.['kid']].sort())
})

t.test('each key is a file of its own, named by its kid, for its owner only', async t => {
  const { folder } = await serve(t)
  t.strictSame(
    keyFilesOf(folder),
    storedKeys(folder)
      .map(({ kid }) => `${kid}.pem`)
      .sort(),
  )
  for (const name of keyFilesOf(folder)) t.equal(statSync(join(folder, 'keys', name)).mode & 0o777, 0o600, name)
})

t.test('the JWKS has RSA-2048 keys for RS256 with public members only, named by their thumbprint', async t => {
  const { body } = await jwksOf(await serve(t))
  t.equal(body.keys.length, 2)
  for (const key of body.keys) {
    t.strictSame(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
    t.match(key, { kty: 'RSA', use: 'sig', alg: 'RS256', e: 'AQAB' })
    t.equal(Buffer.from(key.n, 'base64url').length, 2048 / 8)
    t.equal(key.kid, await calculateJwkThumbprint(key, 'sha256'))
  }
})

t.test('the making of both keys is in the audit, by the service itself', async t => {
  const { folder, databaseFile } = await serve(t)
  const columns = 'type, outcome, reason, target, actor, address, user_agent, request_id'
  const events = select(databaseFile, `select ${columns} from audit_events order by reason`)
  const from = { actor: 'signet', address: null, user_agent: null, request_id: null }
  t.strictSame(
    events.map(event => ({ ...event })),
    storedKeys(folder).map(({ kid, state }) => ({
      type: 'signing_key.add',
      outcome: 'success',
      reason: state,
      target: kid,
      ...from,
    })),
  )
})

t.test('the standby may sign only after verifiers had the lead to see it', async t => {
  const { databaseFile, config } = await serve(t)
  const [active, pending] = select(databaseFile, 'select * from signing_keys order by state')
  t.equal(active?.['activates_at_ms'], active?.['created_at_ms'])
  t.equal(pending?.['activates_at_ms'] - pending?.['created_at_ms'], config.keyPublishLeadSeconds * 1000)
})

t.test('a second start uses the same keys, changes no file and adds nothing to the audit', async t => {
  const folder = temporaryFolder(t)
  const first = await serve(t, { folder })
  const published = await jwksOf(first)
  await first.stop()
  const contents = () => keyFilesOf(folder).map(name => [name, readFileSync(join(folder, 'keys', name), 'utf8')])
  const before = contents()

  const second = await serve(t, { folder })
  const again = await jwksOf(second)
  t.equal(again.text, published.text)
  t.equal(again.headers.get('etag'), published.headers.get('etag'))
  t.strictSame(contents(), before)
  t.equal(select(second.databaseFile, 'select id from audit_events').length, 2)
})

const ecKey = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  publicKeyEncoding: { format: 'pem', type: 'spki' },
}).privateKey

interface Files {
  readonly folder: string
  readonly active: string
  readonly pending: string
}

const damages: readonly (readonly [string, (files: Files) => void, RegExp])[] = [
  ['missing', ({ active }) => rmSync(active), /is missing\. Restore it from a backup/],
  ['truncated', ({ active }) => truncateSync(active, 900), /is damaged.*Restore it from a backup/],
  ['open to the group', ({ active }) => chmodSync(active, 0o640), /is open to other users.*chmod 600/],
  ['another key', ({ active, pending }) => copyFileSync(pending, active), /does not fit its published half\. Restore/],
  ['a key of another kind', ({ active }) => writeFileSync(active, ecKey), /does not fit its published half\. Restore/],
]
for (const [what, damage, says] of damages) {
  t.test(
    `a service whose active key file is ${what} does not start, says which file, and makes no new key`,
    async t => {
      const files = await startedBefore(t)
      damage(files)
      const before = keyFilesOf(files.folder)
      const kid = storedKeys(files.folder)[0]?.['kid']
      await t.rejects(serve(t, { folder: files.folder }), { name: 'KeyError', message: says })
      await t.rejects(serve(t, { folder: files.folder }), { message: `${kid}` })
      t.strictSame(keyFilesOf(files.folder), before)
      t.equal(storedKeys(files.folder).length, 2)
    },
  )
}

t.test('a service whose key folder others can write to does not start', async t => {
  const { folder } = await startedBefore(t)
  chmodSync(join(folder, 'keys'), 0o770)
  await t.rejects(serve(t, { folder }), { name: 'KeyError', message: /keys can be written to by other users/ })
})

t.test('the program ends with 1 and says on standard error which key file is wrong and what to do', async t => {
  const { folder, active } = await startedBefore(t)
  chmodSync(active, 0o604)
  const { code, stdout, stderr } = await signet(await environmentOf(folder), ['serve'])
  t.equal(code, 1)
  t.equal(stdout, '')
  t.equal(stderr, `${active} is open to other users. If nobody copied it, run: chmod 600 ${active}\n`)
})

t.test('a database whose keys are all gone from the state active is refused', async t => {
  const { folder } = await startedBefore(t)
  change(join(folder, 'db', 'signet.sqlite'), "update signing_keys set state = 'revoked'")
  await t.rejects(serve(t, { folder }), { name: 'KeyError', message: /none of them is active/ })
  t.equal(keyFilesOf(folder).length, 2)
})
