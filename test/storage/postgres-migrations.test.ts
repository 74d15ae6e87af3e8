/** Migrations on PostgreSQL: several instances at once, beside those that serve, and beside other programs. */
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import t, { type Test } from 'tap'
import { migrateTo } from '../support/migrate-to.ts'
import { connect, emptyPostgres, migratedPostgres, openPostgres } from '../support/postgres.ts'

const LOCK = 0x7369676e6574n

const namesIn = async (client: pg.Client, schema = 'public'): Promise<string[]> =>
  (await client.query(`select name from ${schema}.kysely_migration order by name`)).rows.map(({ name }) => name)

/** A database as an older program left it. */
async function olderPostgres(t: Test, name: string): Promise<string> {
  const url = await emptyPostgres(t)
  await migrateTo(new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) }), name)
  return url
}

/** Asks until it is so; what happens, happens in processes of the server. */
async function until(client: pg.Client, condition: string): Promise<void> {
  for (;;) if ((await client.query(`select 1 where ${condition}`)).rowCount === 1) return
}

/** Locks of this database: those of the whole server are in the view. */
const locks = (type: string) =>
  `select 1 from pg_locks where locktype = '${type}' and database = (select oid from pg_database where datname = current_database())`

const waits = (type: string) => `exists (${locks(type)} and not granted)`

/** The URL of the same database where the role begins in these schemas. */
const within = (url: string, searchPath: string): string =>
  `${url}?options=${encodeURIComponent(`-c search_path=${searchPath}`)}`

for (const [title, make] of [
  ['an empty database', emptyPostgres],
  ['a database of an older program', (t: Test) => olderPostgres(t, '0008-audit')],
] as const)
  t.test(`instances that start at once on ${title} all succeed, and each step runs once`, async t => {
    const url = await make(t)
    const instances = await Promise.all(Array.from({ length: 6 }, () => openPostgres(t, url)))
    const ran = await Promise.all(instances.map(({ migrate }) => migrate()))
    t.equal(ran.filter(steps => steps.length > 0).length, 1)
    const { beside, steps } = await openPostgres(t, url)
    t.strictSame(await steps(), { due: [], ahead: [] })
    const { rows } = await beside.query('select count(*) as count from schema_steps')
    t.equal(rows[0].count, (await namesIn(beside)).length)
  })

t.test('who comes while another migrates waits for it, and nothing is left of the lock', async t => {
  const { beside, migrate } = await openPostgres(t, await emptyPostgres(t))
  await beside.query('begin')
  await beside.query(`select pg_advisory_xact_lock(${LOCK})`)
  const migrating = migrate()
  const looking = await connect(t, await urlOf(beside))
  await until(looking, waits('advisory'))
  await beside.query('commit')
  t.ok((await migrating).length > 0)
  t.equal((await looking.query(locks('advisory'))).rowCount, 0)
})

const urlOf = async (client: pg.Client): Promise<string> =>
  `postgres://signet@${client.host}:${client.port}/${client.database}`

t.test('a migration that waits for a table lets those pass who come after it, and tries again', async t => {
  const url = await olderPostgres(t, '0009-counters')
  const { beside: open, migrate } = await openPostgres(t, url)
  const serving = await connect(t, url)
  await serving.query('set statement_timeout = 5000')
  await open.query('begin')
  await open.query('select 1 from signing_keys')
  const migrating = migrate()
  await until(serving, waits('relation'))
  await serving.query('select 1 from signing_keys')
  t.pass('who serves waits for the migration only, not for the open transaction')
  await until(serving, `not ${waits('relation')}`)
  t.strictSame((await namesIn(serving)).at(-1), '0009-counters')
  await open.query('commit')
  t.equal((await migrating)[0]?.name, '0010-times-ahead')
})

t.test('two in two schemas of one database do not see each other', async t => {
  const url = await emptyPostgres(t)
  const beside = await connect(t, url)
  await beside.query('create schema a')
  await beside.query('create schema b')
  for (const schema of ['a', 'b']) {
    const { migrate, isNew } = await openPostgres(t, within(url, schema))
    t.equal(await isNew(), true)
    t.ok((await migrate()).length > 0)
  }
  t.strictSame(await namesIn(beside, 'a'), await namesIn(beside, 'b'))
  t.equal((await beside.query("select 1 from pg_tables where schemaname = 'public'")).rowCount, 0)
})

t.test('tables in a schema that the search path names later are not half used: it says which schemas', async t => {
  const url = await migratedPostgres(t)
  const beside = await connect(t, url)
  await beside.query('create schema app')
  const { isNew, migrate } = await openPostgres(t, within(url, 'app,public'))
  const says = { name: 'StorageRefused', message: /tables are in the schema public, .* begins with the schema app/ }
  await t.rejects(isNew(), says)
  await t.rejects(migrate(), says)
  t.equal((await beside.query("select 1 from pg_tables where schemaname = 'app'")).rowCount, 0)
})

t.test('another program is named with its schema and role, and does not matter in a schema behind ours', async t => {
  const url = await emptyPostgres(t)
  const beside = await connect(t, url)
  await beside.query('create table kysely_migration (name varchar(255) primary key, timestamp varchar(255))')
  await beside.query("insert into kysely_migration values ('2024_orders', '2024-01-01T00:00:00.000Z')")
  const there = await openPostgres(t, url)
  await t.rejects(there.migrate(), {
    message: /\(2024_orders, in the schema public, in a table of the role signet\).*search_path = signet/,
  })
  await beside.query('create schema signet')
  const behind = await openPostgres(t, within(url, 'signet,public'))
  t.equal(await behind.isNew(), true)
  t.ok((await behind.migrate()).length > 0)
  t.strictSame(await namesIn(beside), ['2024_orders'])
})

t.test(
  'a role of its own needs nothing of what lies in public, and to serve, no more than the rights on its tables',
  async t => {
    const url = await emptyPostgres(t)
    const beside = await connect(t, url)
    await beside.query('create table kysely_migration (name varchar(255) primary key, timestamp varchar(255))')
    await beside.query("insert into kysely_migration values ('2024_orders', '2024-01-01T00:00:00.000Z')")
    const [maker, server] = ['maker', 'server'].map(name => `${beside.database}_${name}`)
    t.teardown(() => beside.query(`drop owned by ${maker}, ${server}; drop role ${maker}, ${server}`))
    await beside.query(
      `create role ${maker} login; create role ${server} login; create schema signet authorization ${maker}`,
    )
    const as = (user: string | undefined) =>
      Object.assign(new URL(within(url, 'signet,public')), { username: user }).href

    const migrator = await openPostgres(t, as(maker))
    t.equal(await migrator.isNew(), true)
    t.ok((await migrator.migrate()).length > 0)
    await beside.query(`grant usage on schema signet to ${server}`)
    const serving = await openPostgres(t, as(server))
    await t.rejects(serving.migrate(), {
      name: 'StorageUnavailable',
      message: /42501.*GRANT SELECT, INSERT/,
    })
    await beside.query(`grant select, insert, update, delete on all tables in schema signet to ${server}`)
    t.strictSame(await serving.migrate(), [])
  },
)

t.test('a search path without a schema is told, and so is a name that somebody else has taken', async t => {
  const url = await emptyPostgres(t)
  const nowhere = await openPostgres(t, within(url, 'nowhere'))
  await t.rejects(nowhere.isNew(), { name: 'StorageUnavailable', message: /leads to no schema.*CREATE SCHEMA/ })

  const { beside, migrate } = await openPostgres(t, url)
  await beside.query('create table clients (id text)')
  await t.rejects(migrate(), {
    name: 'StorageRefused',
    message: /table that is not Signet's.*"clients" already exists/,
  })
  const { rows } = await beside.query("select tablename from pg_tables where schemaname = 'public'")
  t.strictSame(rows, [{ tablename: 'clients' }], 'nothing was made')
})
