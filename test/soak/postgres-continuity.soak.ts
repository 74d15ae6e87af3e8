/** What a service does when another database than before answers on PostgreSQL, or the same one of an earlier time. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import t, { type Test } from 'tap'
import { signet } from '../support/command-line.ts'
import { connect, emptyPostgres } from '../support/postgres.ts'
import { noServerOfItsOwn, startPostgres } from '../support/postgres-server.ts'
import { addAlice, type Service, serve, signIn, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

t.jobs = 4

const skip = noServerOfItsOwn()

const serveOn = (t: Test, url: string, folder = temporaryFolder(t)) =>
  serve(t, { folder, environment: { SIGNET_DATABASE_URL: url, SIGNET_DATABASE_TIMEOUT: '5s' } })

const ready = async (service: Service) => (await fetch(`${service.management}/readyz`)).status

/** Whether it has ended by itself. */
function endOf({ lost }: Service) {
  const end: { reason?: Error | undefined } = {}
  lost.then(reason => {
    end.reason = reason
  })
  return end
}

/** Resolves when the service has asked so often again. */
async function pulsesAfter(database: pg.Client, pulses: number): Promise<void> {
  const seen = new Set<string>()
  await until(async () => {
    const { rows } = await database.query(
      `select query_start::text as at from pg_stat_activity
       where query like '%schema_steps%' and pid <> pg_backend_pid() and datname = current_database()`,
    )
    for (const { at } of rows) seen.add(at)
    return seen.size > pulses
  })
}

/** How far the write-ahead log was, as it is noted beside the keys. */
function noteOf({ folder }: Service): number {
  const name = readdirSync(join(folder, 'keys')).find(each => each.endsWith('.writes'))
  return name === undefined ? 0 : Number(readFileSync(join(folder, 'keys', name), 'utf8'))
}

const PAGES_OF_SEGMENT = 2048
async function pageOf(database: pg.Client): Promise<number> {
  const { rows } = await database.query("select (pg_current_wal_lsn() - '0/0') / 8192 as page")
  return Number(rows[0].page)
}

const isOver = (reason: unknown): boolean => /begins anew/.test(String(reason))

t.test('an epoch of before that comes back with an older copy is not taken for an accepted one', async t => {
  const [url, folder] = [await emptyPostgres(t), temporaryFolder(t)]
  const database = await connect(t, url)
  const first = await serveOn(t, url, folder)
  await first.stop()
  await database.query('create table old_keys as table signing_keys')
  await database.query('create table old_instance as table instance')
  const run = (words: string[]) => signet(first.environment, words)
  t.match(await run(['doctor', '--restored']), { code: 0 })
  t.match(await run(['doctor', '--accept-restore', '--keep-credentials']), { code: 0 })

  const service = await serveOn(t, url, folder)
  const end = endOf(service)
  await database.query(
    `begin; delete from signing_keys; insert into signing_keys select * from old_keys;
     update instance set epoch = (select epoch from old_instance); commit`,
  )
  await until(async () => service.log().includes('"level":"fatal"'))
  t.match(
    service.log(),
    /The database is older than what was seen of it before: the signing key .*signet doctor --restored/,
  )
  t.equal(await ready(service), 503)
  await pulsesAfter(database, 2)
  await database.query("update instance set epoch = 'restored'")
  await pulsesAfter(database, 2)
  t.equal(end.reason, undefined, 'it goes on waiting')
  t.match(await run(['doctor', '--accept-restore', '--keep-credentials']), { code: 0 })
  t.ok(isOver(await service.lost))
})

t.test('what is accepted while nothing was seen of it begins anew, too', async t => {
  const [url, folder] = [await emptyPostgres(t), temporaryFolder(t)]
  const service = await serveOn(t, url, folder)
  const run = (words: string[]) => signet(service.environment, words)
  t.match(await run(['doctor', '--restored']), { code: 0 })
  await until(async () => service.log().includes('as `signet doctor --restored` was told'))
  t.match(await run(['doctor', '--accept-restore', '--keep-credentials']), { code: 0 })
  t.ok(isOver(await service.lost))
})

t.test('a server on another timeline gets no write and no note before it is accepted', { skip }, async t => {
  const server = await startPostgres({ wal_level: 'replica', hot_standby: 'on' })
  t.teardown(server.stop)
  const service = await serveOn(t, server.url)
  await addAlice(service)
  t.equal((await signIn(service)).status, 200)
  await until(async () => noteOf(service) > 0)
  // It has another number of migrations, too.
  const database = await connect(t, server.url)
  await database.query('alter database postgres set default_transaction_read_only = on')
  await database.end()
  await server.demote()
  await server.promote()
  const asked = await connect(t, server.url)
  await asked.query('set default_transaction_read_only = off')
  await asked.query("insert into kysely_migration values ('9000-later', '')")
  await asked.query("insert into schema_steps (name, breaking) values ('9000-later', 0)")
  await asked.query('alter database postgres reset default_transaction_read_only')
  await until(async () => /"level":"fatal".*on timeline 2, and was on 1/.test(service.log()))
  t.equal(await ready(service), 503)
  t.equal((await signIn(service)).status, 503)
  t.equal((await service.get('/.well-known/jwks.json')).status, 200)
  await asked.query('select pg_switch_wal()')
  await asked.query('create table more as select generate_series(1, 1000)')
  await pulsesAfter(asked, 5)
  // When the address leads back to the one of before, nothing may seem to be missing there.
  t.ok(noteOf(service) < (await pageOf(asked)) - PAGES_OF_SEGMENT / 2)
  const end = await signet(service.environment, ['doctor'])
  t.match(end, { code: 1, stdout: /--accept-move/ })
  t.match(await signet(service.environment, ['doctor', '--accept-move']), { code: 0 })
  t.ok(isOver(await service.lost))
})

t.test('a server that does not tell which it is can be used', { skip }, async t => {
  const server = await startPostgres()
  t.teardown(server.stop)
  const administrator = await connect(t, server.url)
  await administrator.query('create role service login')
  await administrator.query('create database signet owner service')
  const url = Object.assign(new URL(server.url), { username: 'service', pathname: 'signet' }).href
  const inside = await connect(t, Object.assign(new URL(server.url), { pathname: 'signet' }).href)
  await inside.query('revoke execute on function pg_control_system() from public')
  const folder = temporaryFolder(t)
  const service = await serveOn(t, url, folder)
  t.match(service.log(), /the server does not say which one it is/)
  t.equal(await ready(service), 200)
  await service.stop()

  await inside.query('grant execute on function pg_control_system() to public')
  const told = await serveOn(t, url, folder)
  t.notMatch(told.log(), /does not say which one/)
  await inside.query('revoke execute on function pg_control_system() from public')
  await inside.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'service'")
  await until(async () => told.log().includes('GRANT EXECUTE ON FUNCTION'))
  await inside.query('grant execute on function pg_control_system() to public')
  await until(async () => (await ready(told)) === 200)
})

t.test('a commit that waits for a standby, and that an operator cancels, is not acknowledged', { skip }, async t => {
  const server = await startPostgres({ wal_level: 'replica', max_wal_senders: 2 })
  t.teardown(server.stop)
  const service = await serveOn(t, server.url)
  await addAlice(service)
  const administrator = await connect(t, server.url)
  await administrator.query('set synchronous_commit = off')
  await administrator.query("alter system set synchronous_standby_names = 'nobody'")
  await administrator.query('select pg_reload_conf()')
  const cancelled: number[] = []
  const cancel = async () => {
    const { rows } = await administrator.query(
      "select pid, pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep' and query <> ''",
    )
    cancelled.push(...rows.map(({ pid }) => pid))
  }
  await until(async () => {
    const answers: number[] = []
    const answering = signIn(service).then(({ status }) => answers.push(status))
    const before = cancelled.length
    await until(async () => {
      await cancel()
      return answers.length > 0
    })
    await answering
    if (cancelled.length > before) t.equal(answers[0], 503)
    return cancelled.length > before
  })
  t.match(service.log(), /it stopped waiting for a synchronous standby/)
  await administrator.query('alter system reset synchronous_standby_names')
  await administrator.query('select pg_reload_conf()')
  await until(async () => (await signIn(service)).status === 200)
})
