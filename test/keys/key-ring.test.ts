/** The first keys of a service, and the proof of them at every start. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import { byTest, request, serve, temporaryFolder } from '../support/serve.ts'
import { jwksOf, keyFilesIn, keyIn, kidsIn, publishedBy, startedBefore } from '../support/signing-keys.ts'
import { change, notOnPostgres, select } from '../support/sqlite.ts'

const skip = notOnPostgres('it looks into the file')

const storedKeys = (folder: string) =>
  select(join(folder, 'db', 'signet.sqlite'), 'select kid, state from signing_keys order by state')

t.test(
  'a database without keys beside files of keys that served no other is started, with a warning',
  { skip },
  async t => {
    const { folder } = await startedBefore(t)
    for (const name of readdirSync(join(folder, 'keys')))
      if (name.endsWith('.writes')) rmSync(join(folder, 'keys', name))
    for (const name of readdirSync(join(folder, 'db'))) rmSync(join(folder, 'db', name))
    const service = await serve(t, { folder })
    t.match(service.log(), /"info".*made the first signing keys/)
    t.match(service.log(), /"warn".*files of 2 other keys, which this database does not know/)
  },
)

t.test('a standby key that is missing is told at the start, which does not wait for it', async t => {
  const { folder, pending } = await startedBefore(t)
  rmSync(pending)
  const service = await serve(t, { folder })
  t.match(service.log(), /"warn".*is missing.*the standby signing key is of no use/)
  t.equal((await jwksOf(service)).status, 200)
})

t.test('the first start makes one key that signs and one that stands by, both published', { skip }, async t => {
  const service = await serve(t)
  const [active, pending] = storedKeys(service.folder)
  t.match([active, pending], [{ state: 'active' }, { state: 'pending' }])
  const { body } = await jwksOf(service)
  t.strictSame(body.keys.map(({ kid }: { kid: string }) => kid).sort(), [active?.['kid'], pending?.['kid']].sort())
})

t.test('each key is a file of its own, named by its kid, for its owner only', { skip }, async t => {
  const { folder } = await serve(t)
  t.strictSame(
    keyFilesIn({ folder }),
    storedKeys(folder)
      .map(({ kid }) => `${kid}.pem`)
      .sort(),
  )
  for (const name of keyFilesIn({ folder })) t.equal(statSync(join(folder, 'keys', name)).mode & 0o777, 0o600, name)
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

t.test('the making of both keys is in the audit, by the service itself', { skip }, async t => {
  const { folder, databaseFile } = await serve(t)
  const columns = 'type, outcome, reason, target, actor, address, user_agent, request_id'
  const events = select(
    databaseFile,
    `select ${columns} from audit_events where type like 'signing_key.%' order by reason`,
  )
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
  const contents = () => keyFilesIn({ folder }).map(name => [name, readFileSync(join(folder, 'keys', name), 'utf8')])
  const before = contents()

  const second = await serve(t, { folder })
  const again = await jwksOf(second)
  t.equal(again.text, published.text)
  t.equal(again.headers.get('etag'), published.headers.get('etag'))
  t.strictSame(contents(), before)
  t.equal(
    select(second.databaseFile, 'select id from audit_events').length,
    3,
    'of two signing keys and the key of the audit',
  )
})

t.test('a database whose keys are all gone from the state active is refused', { skip }, async t => {
  const { folder, active } = await startedBefore(t)
  change(join(folder, 'db', 'signet.sqlite'), "update signing_keys set state = 'revoked' where state = 'active'")
  await t.rejects(serve(t, { folder }), { name: 'KeyError', message: /none of them is active/ })
  t.equal(existsSync(active), false, 'the private half of a key that was revoked is of use to thieves only')
  t.equal(keyFilesIn({ folder }).length, 1)
})

t.test('a start beside another process that rotates, whose key file is gone when it is read, looks again', async t => {
  const other = await serve(t)
  change(other.databaseFile, "update signing_keys set activates_at_ms = created_at_ms where state = 'pending'")
  const lifecycle = await other.container.keyLifecycle()
  const [before, standby] = [keyIn(other, 'active').kid, keyIn(other, 'pending').kid]
  const read: string[] = []
  const service = await serve(t, {
    folder: other.folder,
    faults: {
      privateKeys: files => ({
        ...files,
        async read(kid) {
          read.push(kid)
          if (read.length === 1) await lifecycle.rotate(byTest)
          return files.read(kid)
        },
      }),
    },
  })
  t.strictSame(read.slice(0, 2), [before, standby], 'it had looked at the key of before')
  t.notOk(keyFilesIn(other).includes(`${before}.pem`), 'and its file was gone')
  t.equal((await request(`${service.management}/readyz`)).status, 200)
  t.match(service.log(), `"kid":"${standby}"`)
  t.strictSame(await publishedBy(service), kidsIn(other, 'active', 'pending', 'retiring').sort())
})
