/** What a database says of its migrations. On PostgreSQL only that schema counts in which new tables are made. */
import { type Kysely, PostgresAdapter, sql } from 'kysely'
import type { Schema } from './schema.ts'

/** Kysely's own. */
export const MIGRATIONS = 'kysely_migration'
/** Ours: how far each migration lets older programs go on, for those that don't have its file. */
export const STEPS = 'schema_steps'

export type TablesOfMigrations = {
  [MIGRATIONS]: { name: string; timestamp: string }
  [STEPS]: { name: string; breaking: number }
}

interface FoundTable {
  readonly name: string
  readonly schema: string
  readonly owner: string
}

export interface Place {
  /** Of PostgreSQL; SQLite has none. */
  readonly schema: string | undefined
  /** The tables of migrations that are in it. */
  readonly tables: readonly Pick<FoundTable, 'name' | 'owner'>[]
  /** Schemas that stand behind it in the search path, and have migrations of somebody, which the role may read. */
  readonly others: readonly string[]
}

export interface AppliedMigration {
  readonly name: string
  /** Undefined of those that ran before this was written down. */
  readonly breaking: boolean | undefined
}

export const isOnPostgres = (db: Kysely<Schema>): boolean => db.getExecutor().adapter instanceof PostgresAdapter

/** Whatever the search path says: a table is found in each of its schemas, and made in the first. */
async function placeOnPostgres(db: Kysely<Schema>): Promise<Place> {
  const { rows } = await sql<{ own: string | null } & Partial<FoundTable>>`
    select current_schema() as own, found.*
    from (select 1) as always left join (
      select relname as name, nspname as schema, pg_get_userbyid(relowner) as owner
      from pg_catalog.pg_class join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
      where relkind in ('r', 'p') and relname in (${sql.lit(MIGRATIONS)}, ${sql.lit(STEPS)})
      and nspname = any (current_schemas(false))
      and (nspname = current_schema() or has_table_privilege(pg_class.oid, 'select'))
    ) as found on true
  `.execute(db)
  const schema = rows[0]?.own ?? undefined
  const found = rows.filter((row): row is FoundTable & { own: string } => typeof row.name === 'string')
  const others = found.filter(table => table.schema !== schema && table.name === MIGRATIONS)
  return { schema, tables: found.filter(table => table.schema === schema), others: others.map(table => table.schema) }
}

async function placeOnSqlite(db: Kysely<Schema>): Promise<Place> {
  const { rows } = await sql<{ name: string }>`
    select name from sqlite_schema where type = 'table' and name in (${sql.lit(MIGRATIONS)}, ${sql.lit(STEPS)})
  `.execute(db)
  return { schema: undefined, tables: rows.map(({ name }) => ({ name, owner: '' })), others: [] }
}

export const placeOf = (db: Kysely<Schema>): Promise<Place> =>
  isOnPostgres(db) ? placeOnPostgres(db) : placeOnSqlite(db)

/** In the order of their names. */
export async function appliedIn(db: Kysely<Schema>, { schema, tables }: Place): Promise<AppliedMigration[]> {
  const has = (name: string) => tables.some(table => table.name === name)
  if (!has(MIGRATIONS)) return []
  const here = (schema === undefined ? db : db.withSchema(schema)).withTables<TablesOfMigrations>()
  const names = await here.selectFrom(MIGRATIONS).select('name').orderBy('name').execute()
  const marks = has(STEPS) ? await here.selectFrom(STEPS).selectAll().execute() : []
  const breaking = new Map(marks.map(mark => [mark.name, mark.breaking !== 0]))
  return names.map(({ name }) => ({ name, breaking: breaking.get(name) }))
}

export async function makeSteps(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable(STEPS)
    .ifNotExists()
    .addColumn('name', 'text', column => column.primaryKey())
    .addColumn('breaking', 'integer', column => column.notNull())
    .execute()
}

/** Writes down what this program knows of its migrations, in the transaction in which they run. */
export async function mark(db: Kysely<Schema>, steps: readonly { name: string; breaking: boolean }[]): Promise<void> {
  await db
    .withTables<TablesOfMigrations>()
    .insertInto(STEPS)
    .values(steps.map(({ name, breaking }) => ({ name, breaking: breaking ? 1 : 0 })))
    .onConflict(conflict => conflict.column('name').doNothing())
    .execute()
}
