/** What the doctor says of a restore, and accepting one on whichever database: where there is no copy, the epoch beside the keys is taken away. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import {
  accepting,
  advice,
  epochFilesIn,
  giveSecrets,
  putBack,
  revokeActiveKey,
  toRestore,
} from '../support/restore.ts'
import { byTest, secret, signIn } from '../support/serve.ts'
import { examine, startedBefore } from '../support/signing-keys.ts'
import { everythingIn, notOnPostgres, select } from '../support/sqlite.ts'
import { device, restarted, withAlice } from '../support/status-list.ts'
import { unwrapped } from '../support/unwrapped.ts'

const skip = notOnPostgres('it is about the file')

t.test('credentials are listed, and dropped with all that hung on them', async t => {
  const service = await withAlice(t)
  const { json, run } = await commandLine(t, service.environment)
  await device(service)
  const key = await json(['api-keys', 'create', '--user', 'alice', '--name', 'script', '--scope', 'posts:read'])
  giveSecrets(service, 'web-app', 70)
  await service.stop()
  const keysFolder = join(service.folder, 'keys')
  for (const name of epochFilesIn(keysFolder)) rmSync(join(keysFolder, name))

  const before = everythingIn(service.databaseFile)
  const { code, stdout } = await run(['doctor', '--accept-restore', '--json'])
  t.equal(code, 1)
  t.strictSame(everythingIn(service.databaseFile), before)
  const { restore } = JSON.parse(stdout)
  const credentials = { client_secret: 71, client_key: 0, client_trust: 0, api_key: 1 }
  t.match(restore, { backed_up_at: null, sessions: 1, keys: 2, credentials })
  t.equal(restore.newest_credentials.length, 10)
  t.ok(restore.newest_credentials.every(({ client_id }: { client_id: string }) => client_id === 'web-app'))
  const shown = (await run(['doctor', '--accept-restore'])).stdout.split('\n')
  const [{ id }] = restore.newest_credentials
  t.match(
    shown.find(line => line.startsWith(id)),
    / {2}client_secret {2}web-app {2}.* {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  )
  t.same(
    shown.filter(line => line.length > 80),
    [],
  )

  const { ok, accepted_restore } = await json(accepting.drop)
  t.equal(ok, true)
  t.strictSame(accepted_restore, { sessions: 1, keys: 2, dropped_credentials: credentials })
  t.strictSame(select(service.databaseFile, 'select id from credentials where revoked_at_ms is null'), [])
  t.equal((await json(['api-keys', 'show', key.api_key_id])).status, 'revoked')

  const again = await restarted(t, service)
  t.equal((await signIn(again)).status, 401)
  await again.clients.addSecret('web-app', { name: undefined, secret, ttlSeconds: undefined }, byTest)
  t.equal((await signIn(again)).status, 200)
})

t.test('of a backup that was put back, the restore is told first, and no key that was revoked', { skip }, async t => {
  const { service, json, text, run, file } = await toRestore(t)
  await json(['backup', file])
  await revokeActiveKey(service, json)
  await service.stop()
  putBack(file, service)
  const found = await examine(t, service)
  t.strictSame(Object.keys(found), ['restore'])
  t.match(found['restore'], /^The database is a backup of .* that was put back\./)
  t.match(found['restore'], advice)
  const { stdout } = await run(['doctor'])
  const printed = unwrapped(stdout)
  t.match(printed, /^PROBLEM {2}restore: /, 'it is the first line')
  t.match(printed, /^note {5}active key: Solve the problem of "restore" first/m)
  t.notMatch(printed, /is missing|backup of the keys/, 'its file was removed because somebody had stolen it')
  await json(accepting.keep)
  t.match(await text(['doctor']), /^ok {7}active key$/m)
})

t.test('what a restore does not mend is told beside it: a key-encryption key that is not set', { skip }, async t => {
  const encrypted = { SIGNET_KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64url') }
  const where = await startedBefore(t, encrypted)
  const folder = join(where.folder, 'keys')
  for (const name of epochFilesIn(folder)) rmSync(join(folder, name))
  t.strictSame(Object.keys(await examine(t, where, encrypted)), ['restore'])
  const found = await examine(t, where)
  t.strictSame(Object.keys(found), ['restore', 'active key', 'standby key', 'audit key'])
  t.match(found['active key'], /is encrypted, and SIGNET_KEY_ENCRYPTION_KEY is not set/)
})
