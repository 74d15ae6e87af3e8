/** The backup of docs/postgresql.md and its runbook of the restore, followed with PostgreSQL's own programs: PG_RESTORE names one, and the others lie beside it. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Test, test } from 'tap'
import { checkout } from '../support/deployment.ts'
import { connect, emptyPostgres } from '../support/postgres.ts'
import { blocksOf, terminalIn } from '../support/runbooks.ts'
import { addAlice, byTest, refresh, secret, serve, signIn, temporaryFolder } from '../support/serve.ts'

const bin = dirname(process.env['PG_RESTORE'] ?? '/usr/bin/pg_restore')
const programs = Object.fromEntries(['pg_dump', 'pg_restore', 'psql'].map(name => [name, join(bin, name)]))
const [backup = ''] = /(?<=^```sh\n)pg_dump.*?(?=^```$)/ms.exec(
  readFileSync(join(checkout, 'docs/postgresql.md'), 'utf8'),
) ?? ['']
const [restore = '', mark = '', keep = '', drop = '', look = '', ...more] = blocksOf('restore-postgresql')

/** A service whose database was put back from a dump: alice, who is disabled since, had a session. */
async function putBack(t: Test) {
  const [folder, url, BACKUP] = [temporaryFolder(t), await emptyPostgres(t), temporaryFolder(t)]
  const keys = {
    SIGNET_KEYS_STORE: 'database',
    SIGNET_KEY_ENCRYPTION_KEY: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
    SIGNET_KEYS_DIR: '/proc/nowhere',
  }
  const of = (name: string) => Object.assign(new URL(url), { pathname: name }).href
  const [ADMINISTRATION, RESTORED] = [of('postgres'), of('signet_restored')]
  const administrator = await connect(t, ADMINISTRATION)
  t.teardown(() => administrator.query('drop database if exists signet_restored with (force)'))

  const service = await serve(t, { folder, environment: { ...keys, SIGNET_DATABASE_URL: url } })
  await addAlice(service)
  const { body } = await signIn(service)
  const variables = { BACKUP, ADMINISTRATION, RESTORED }
  await (await terminalIn(t, folder, { ...variables, SIGNET_DATABASE_URL: url }, programs))(backup)
  await service.users.setStatus('alice', 'disabled', byTest)
  await service.stop()

  const environment = { ...keys, SIGNET_DATABASE_URL: RESTORED }
  const terminal = await terminalIn(t, folder, { ...variables, ...environment }, programs)
  await terminal(restore)
  await terminal(mark)
  const start = () => serve(t, { folder, environment })
  await t.rejects(start(), { message: /put back/ }, 'nothing is served unasked')
  return { terminal, start, refreshToken: body.refresh_token }
}

test('a dump is put back: nothing is served unasked; then sessions are over, and who was there can sign in', async t => {
  t.strictSame(more, [])
  const { terminal, start, refreshToken } = await putBack(t)
  t.match(await terminal(keep), /^Accepted the restore: 1 session ended, 2 signing keys revoked$/m)
  const service = await start()
  await terminal(look)
  t.equal((await refresh(service, refreshToken)).body.error, 'invalid_grant')
  t.equal((await signIn(service)).status, 200)
})

test('the same without the secrets of before', async t => {
  const { terminal, start } = await putBack(t)
  t.match(await terminal(drop), /^Revoked 1 client secret, no client keys, no trusts and no API keys/m)
  const service = await start()
  t.equal((await signIn(service)).body.error, 'invalid_client')
  await service.clients.addSecret('web-app', { name: undefined, secret, ttlSeconds: undefined }, byTest)
  t.equal((await signIn(service)).status, 200)
})
