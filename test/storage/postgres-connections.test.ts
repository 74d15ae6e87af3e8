/** Connections to PostgreSQL: how many, under which name, and which are not used. */
import type pg from 'pg'
import t, { type Test } from 'tap'
import { commandLine } from '../support/command-line.ts'
import { patience } from '../support/environment.ts'
import { connect, migratedPostgres } from '../support/postgres.ts'
import { poolerBefore } from '../support/postgres-pooler.ts'
import { proxyBefore } from '../support/postgres-proxy.ts'
import { noServerOfItsOwn, startPostgres } from '../support/postgres-server.ts'
import {
  type Answer,
  addAlice,
  refresh,
  request,
  type Service,
  serve,
  signIn,
  temporaryFolder,
} from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { unwrapped } from '../support/unwrapped.ts'

t.jobs = 4

const serveOn = (t: Test, url: string, environment: Readonly<Record<string, string>> = {}) =>
  serve(t, { folder: temporaryFolder(t), environment: { SIGNET_DATABASE_URL: url, ...environment } })

const isReady = (service: Service) => request(`${service.management}/readyz`)
const atOnce = (count: number, ask: () => Promise<Answer>) => Promise.all(Array.from({ length: count }, ask))

async function connectionsOf(beside: pg.Client) {
  const { rows } = await beside.query(
    'select application_name as name from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  return rows.map(({ name }) => name)
}

t.test('there are as many connections as are allowed, and each says whose it is', async t => {
  const url = await migratedPostgres(t)
  const beside = await connect(t, url)
  const service = await serveOn(t, url, { SIGNET_DATABASE_POOL_SIZE: '3' })
  await atOnce(20, () => isReady(service))
  t.strictSame(
    await connectionsOf(beside),
    ['signet', 'signet', 'signet', 'signet'],
    'three, and one for what it asks all the time',
  )
  await service.stop()
  const { folder } = service
  await isReady(await serve(t, { folder, environment: { SIGNET_DATABASE_URL: `${url}?application_name=tokens` } }))
  t.strictSame([...new Set(await connectionsOf(beside))], ['tokens'])
})

t.test('whoever finds no connection free is answered in time, and so is who has one', async t => {
  const url = await migratedPostgres(t)
  const [beside, looking] = [await connect(t, url), await connect(t, url)]
  const service = await serveOn(t, url, { SIGNET_DATABASE_POOL_SIZE: '2', SIGNET_DATABASE_TIMEOUT: '10s' })
  await addAlice(service)
  const { body } = await signIn(service)
  // A transaction waits for a lock for much longer than anybody waits for its connection.
  // Nothing that runs beside requests looks into this table.
  await beside.query('begin; lock table sessions in access exclusive mode')
  const beganAt = performance.now()
  const asked = [1, 2].map(() => signIn(service))
  // Of this database alone, and outside of that transaction, which sees no connection that was opened later.
  const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
  await until(async () => (await looking.query(waiting)).rowCount === 2)
  const answers = await Promise.all([...asked, atOnce(6, () => isReady(service))])
  const took = performance.now() - beganAt
  await beside.query('rollback')
  t.ok(took < 15_000, `${Math.round(took)} ms`)
  for (const { status, headers } of answers.flat()) {
    t.equal(status, 503)
    t.match(headers.get('retry-after'), /^[1-9]\d*$/)
  }
  t.match(service.log(), /timeout exceeded when trying to connect/)
  t.equal((await refresh(service, body.refresh_token)).status, 200)
})

t.test('connections that died in silence cost one request its answer, and not one each', async t => {
  const network = await proxyBefore(t, await migratedPostgres(t))
  const service = await serveOn(t, network.url, { SIGNET_DATABASE_TIMEOUT: '10s' })
  t.strictSame([...new Set((await atOnce(8, () => isReady(service))).map(({ status }) => status))], [200])
  network.forget()
  t.equal((await isReady(service)).status, 503)
  for (let asked = 0; asked < 8; asked += 1) t.equal((await isReady(service)).status, 200, `${asked}`)
  t.strictSame([...new Set((await atOnce(8, () => isReady(service))).map(({ status }) => status))], [200])
})

t.test('no command works with a server that takes no writes', async t => {
  const url = await migratedPostgres(t)
  const name = new URL(url).pathname.slice(1)
  const beside = await connect(t, url)
  await beside.query(`alter database ${name} set default_transaction_read_only = on`)
  const { refuses, run } = await commandLine(t, { SIGNET_DATABASE_URL: url, SIGNET_DATABASE_TIMEOUT: '10s' })
  const says = /takes no writes \(default_transaction_read_only\)/
  await refuses([
    { words: ['migrate'], code: 1, says },
    { words: ['users', 'list'], code: 1, says },
  ])
  const { code, stdout } = await run(['doctor'])
  t.equal(code, 1)
  t.match(unwrapped(stdout), says)
  await t.rejects(serveOn(t, url), says)
})

t.test('a socket is a way, too', { skip: noServerOfItsOwn() }, async t => {
  const server = await startPostgres({ unix_socket_directories: '.', listen_addresses: '' })
  t.teardown(server.stop)
  const { port } = new URL(server.url)
  for (const url of [
    `postgres://signet@/postgres?host=${server.data}&port=${port}`,
    `postgres://signet@${encodeURIComponent(server.data)}:${port}/postgres`,
  ]) {
    const { text } = await commandLine(t, { ...patience, SIGNET_DATABASE_URL: url })
    t.ok(await text(['migrate']), url)
  }
})

t.test('a right that is missing is told before anything is served, with what to grant', async t => {
  const url = await migratedPostgres(t)
  const beside = await connect(t, url)
  const role = `signet_test_${process.pid}_rights`
  await beside.query(`create role ${role} login`)
  await beside.query(`grant select on all tables in schema public to ${role}`)
  t.teardown(async () => {
    await beside.query(`drop owned by ${role}; drop role ${role}`)
  })
  const ofRole = Object.assign(new URL(url), { username: role }).href
  const { refuses, text } = await commandLine(t, { ...patience, SIGNET_DATABASE_URL: ofRole })
  const says = new RegExp(`lacks rights on users, .* GRANT SELECT, INSERT, UPDATE, DELETE ON .* TO "${role}";`)
  await refuses([{ words: ['users', 'list'], code: 1, says }])
  await t.rejects(serveOn(t, ofRole), says)
  // What is said is what helps.
  const { stderr } = await (await commandLine(t, { ...patience, SIGNET_DATABASE_URL: ofRole })).run(['users', 'list'])
  await beside.query(/GRANT .*;/.exec(stderr)?.[0] ?? '')
  t.ok(await text(['users', 'list', '--json']))
})

t.test('behind a pooler a service works as it does without', async t => {
  const url = await poolerBefore(t, await migratedPostgres(t))
  const service = await serveOn(t, url)
  await addAlice(service)
  const { body } = await signIn(service)
  t.equal((await refresh(service, body.refresh_token)).status, 200)
  t.equal((await isReady(service)).status, 200)
})
