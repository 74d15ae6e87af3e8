/** `migrate --check` says what is due, by its exit code too, and makes nothing. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Kysely, PostgresDialect, SqliteDialect } from 'kysely'
import pg from 'pg'
import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import { databaseIn } from '../support/database-in.ts'
import { freePort } from '../support/environment.ts'
import { migrateTo } from '../support/migrate-to.ts'
import { connect, emptyPostgres } from '../support/postgres.ts'
import { notOnPostgres } from '../support/sqlite.ts'

const skip = notOnPostgres('it is about the file')

interface Check {
  readonly due: readonly { readonly name: string; readonly breaking: boolean; readonly description: string | null }[]
  readonly ahead: readonly object[]
}

const checked = async ({ run }: Awaited<ReturnType<typeof commandLine>>): Promise<Check & { code: number | null }> => {
  const { code, stdout } = await run(['migrate', '--check', '--json'])
  return { code, ...JSON.parse(stdout) }
}

t.test('where there is no database yet, everything is due, and none is made', { skip }, async t => {
  const { environment, file } = await databaseIn(t)
  const line = await commandLine(t, environment)
  const { code, due, ahead } = await checked(line)
  t.equal(code, 3)
  t.match(due[0], { name: '0001-main-path', breaking: true, description: null })
  t.match(
    due.find(({ name }) => name === '0006-indices'),
    { breaking: false, description: /^indices/ },
  )
  t.strictSame(ahead, [])
  t.notOk(existsSync(dirname(file)))

  mkdirSync(dirname(file))
  writeFileSync(file, '')
  t.equal((await checked(line)).due.length, due.length)
  t.equal(readFileSync(file).length, 0)

  t.strictSame(await line.json(['migrate']), { migrations: due.map(({ name }) => name) })
  t.strictSame(await checked(line), { code: 0, due: [], ahead: [] })
  t.equal(await line.text(['migrate', '--check']), 'The schema is up to date\n')
})

t.test('of a database of an older version, what it lacks is due, and it stays as it is', { skip }, async t => {
  const { environment, file } = await databaseIn(t)
  mkdirSync(dirname(file), { mode: 0o700 })
  await migrateTo(new Kysely({ dialect: new SqliteDialect({ database: new Sqlite(file) }) }), '0010-times-ahead')
  const line = await commandLine(t, environment)
  const { code, due } = await checked(line)
  t.strictSame([code, due[0]?.name], [3, '0011-names'])
  const { code: again, stdout } = await line.run(['migrate', '--check'])
  t.equal(again, 3)
  t.match(stdout, /^Due 0011-names: users can be renamed/)
  const database = new Sqlite(file, { readonly: true })
  t.teardown(() => database.close())
  const tables = database.prepare("select name from sqlite_schema where name in ('former_names', 'schema_steps')").all()
  t.strictSame(tables, [])
})

t.test('on PostgreSQL, too', async t => {
  const url = await emptyPostgres(t)
  const line = await commandLine(t, { ...(await databaseIn(t)).environment, SIGNET_DATABASE_URL: url })
  const { code, due } = await checked(line)
  t.strictSame([code, due[0]?.name], [3, '0001-main-path'])
  const beside = await connect(t, url)
  t.equal((await beside.query("select 1 from pg_tables where schemaname = 'public'")).rowCount, 0)
  await migrateTo(
    new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) }),
    '0010-times-ahead',
  )
  t.strictSame((await checked(line)).due[0]?.name, '0011-names')
  await line.text(['migrate'])
  t.equal((await checked(line)).code, 0)
})

t.test('what cannot be told is 1, not 3', async t => {
  const { environment } = await databaseIn(t)
  const nobody = `postgres://signet@127.0.0.1:${await freePort()}/signet`
  const { refuses } = await commandLine(t, { ...environment, SIGNET_DATABASE_URL: nobody })
  await refuses([{ words: ['migrate', '--check'], code: 1, says: /ECONNREFUSED/ }])
})
