import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Kysely } from 'kysely'
import { FileMigrationProvider, type Migration, Migrator } from 'kysely/migration'
import { StorageRefused } from '../../records/unit-of-work.ts'
import {
  type AppliedMigration,
  appliedIn,
  MIGRATIONS,
  makeSteps,
  mark,
  type Place,
  placeOf,
} from './migration-tables.ts'
import type { Schema } from './schema.ts'

const migrationFolder = fileURLToPath(new URL('../../../db/migrations', import.meta.url))

/** The database has migrations that this program does not know and can't work with: it must not touch it. */
export class SchemaIsNewer extends Error {
  override readonly name = 'SchemaIsNewer'
}

interface DescribedMigration extends Migration {
  readonly description?: string
  /** Whether no older program can go on using the schema after it. */
  readonly breaking: boolean
}

export interface Step {
  readonly name: string
  readonly breaking: boolean
  /** What it does, in a sentence for the operator; the oldest ones say nothing. */
  readonly description: string | undefined
}

export interface SchemaSteps {
  /** Of this program's migrations those that the database lacks, in the order in which they run. */
  readonly due: readonly string[]
  /** Migrations of a newer program. One without a mark counts as breaking. */
  readonly ahead: readonly Omit<Step, 'description'>[]
}

/** Names of the migrations in this program, in the order in which they run. */
async function known(): Promise<string[]> {
  const files = await fs.readdir(migrationFolder)
  return files
    .filter(name => name.endsWith('.ts'))
    .map(name => path.basename(name, '.ts'))
    .sort()
}

const load = (): Promise<Record<string, DescribedMigration>> =>
  new FileMigrationProvider({ fs, path, migrationFolder }).getMigrations() as Promise<
    Record<string, DescribedMigration>
  >

/** What this program knows of its migrations: of these, or of all. */
export async function describe(names?: readonly string[]): Promise<Step[]> {
  const migrations = Object.entries(await load()).sort(([a], [b]) => (a < b ? -1 : 1))
  const chosen = migrations.filter(([name]) => names === undefined || names.includes(name))
  return chosen.map(([name, { breaking, description }]) => ({ name, breaking, description }))
}

const listed = (names: readonly string[]): string =>
  names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')

const OWN_PLACE =
  'Nothing was done. Signet needs a database of its own, which SIGNET_DATABASE_URL names, or on PostgreSQL a schema of its own: ' +
  'CREATE SCHEMA signet AUTHORIZATION the_role; ALTER ROLE the_role SET search_path = signet'

/** @throws StorageRefused */
function refuseForeign(applied: readonly AppliedMigration[], ours: readonly string[], { schema, tables }: Place): void {
  if (applied.length === 0 || applied.some(({ name }) => ours.includes(name))) return
  const owner = tables.find(({ name }) => name === MIGRATIONS)?.owner
  const where = schema === undefined ? '' : `, in the schema ${schema}, in a table of the role ${owner}`
  throw new StorageRefused(
    `Another program has migrated this database (${listed(applied.map(({ name }) => name))}${where}). ${OWN_PLACE}`,
  )
}

/**
 * Tables that are in a schema further behind would be used all the same, and new ones made in the first: half here, half there.
 * @throws StorageRefused
 */
async function refuseHidden(db: Kysely<Schema>, ours: readonly string[], { schema, others }: Place): Promise<void> {
  for (const other of others) {
    const tables = [{ name: MIGRATIONS, owner: '' }]
    const applied = await appliedIn(db, { schema: other, tables, others: [] })
    if (applied.some(({ name }) => ours.includes(name)))
      throw new StorageRefused(
        `Signet's tables are in the schema ${other}, and the search_path begins with the schema ${schema}, which has none. Nothing was ` +
          `done. If the first are meant: ALTER ROLE the_role SET search_path = ${other}; if not, leave ${other} out of the search_path.`,
      )
  }
}

async function look(db: Kysely<Schema>): Promise<SchemaSteps & { readonly isNew: boolean; readonly place: Place }> {
  const [ours, place] = [await known(), await placeOf(db)]
  const applied = await appliedIn(db, place)
  if (applied.length === 0) await refuseHidden(db, ours, place)
  refuseForeign(applied, ours, place)
  const theirs = applied.map(({ name }) => name)
  return {
    place,
    isNew: applied.length === 0,
    due: ours.filter(name => !theirs.includes(name)),
    ahead: applied.filter(({ name }) => !ours.includes(name)).map(({ name, breaking = true }) => ({ name, breaking })),
  }
}

/** @throws SchemaIsNewer that says why this program stops */
function assertWorkable({ due, ahead }: SchemaSteps): void {
  const breaking = ahead.filter(step => step.breaking).map(({ name }) => name)
  if (breaking.length > 0)
    throw new SchemaIsNewer(
      `The database was migrated by a newer Signet (${listed(breaking)}), and this version can't work with what that changed. ` +
        'Run the newer version, or restore a backup made before it.',
    )
  if (ahead.length > 0 && due.length > 0)
    throw new SchemaIsNewer(
      `The database was migrated by a newer Signet (${listed(ahead.map(({ name }) => name))}), and lacks what this version has ` +
        `(${listed(due)}). Run the version that migrated it.`,
    )
}

/** Whether nothing of Signet is in this database. */
export const isNew = async (db: Kysely<Schema>): Promise<boolean> => (await look(db)).isNew

/**
 * How the schema and this program differ. It only reads: nobody waits for the lock of a server that is busy.
 * @throws SchemaIsNewer when this program can't work with it, StorageRefused when it is somebody else's
 */
export async function stepsOf(db: Kysely<Schema>): Promise<SchemaSteps> {
  const { due, ahead } = await look(db)
  assertWorkable({ due, ahead })
  return { due, ahead }
}

/** For a program that runs: what a newer one has done to the schema meanwhile, and whether this one may go on. */
export const stepsAhead = async (db: Kysely<Schema>): Promise<SchemaSteps['ahead']> => (await look(db)).ahead

/**
 * Brings the schema up to this program's, in the transaction that it is given.
 * @returns the migrations that ran now
 * @throws SchemaIsNewer, StorageRefused
 */
export async function migrate(db: Kysely<Schema>): Promise<readonly Step[]> {
  const found = await look(db)
  assertWorkable(found)
  if (found.due.length === 0) return []
  // First: of its own tables, Kysely would not tell why they can't be made.
  await makeSteps(db)
  const migrationTableSchema = found.place.schema
  const migrator = new Migrator({
    db,
    provider: { getMigrations: load },
    // Without it, Kysely takes the table of another schema for the one that it needs.
    ...(migrationTableSchema !== undefined && { migrationTableSchema }),
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  const steps = await describe()
  await mark(db, steps)
  return steps.filter(({ name }) => found.due.includes(name))
}
