import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Kysely } from 'kysely'
import { FileMigrationProvider, type Migration, Migrator } from 'kysely/migration'
import type { Schema } from './schema.ts'

const migrationFolder = fileURLToPath(new URL('../../../db/migrations', import.meta.url))

/** The database has migrations that this program does not know: an older program must not touch it. */
export class SchemaIsNewer extends Error {
  override readonly name = 'SchemaIsNewer'
}

interface DescribedMigration extends Migration {
  readonly description?: string
}

export interface RanMigration {
  readonly name: string
  /** What it does, in a sentence for the operator; the oldest ones say nothing. */
  readonly description: string | undefined
}

/** Names of the migrations in this program, in the order in which they run. */
async function known(): Promise<string[]> {
  const files = await fs.readdir(migrationFolder)
  return files
    .filter(name => name.endsWith('.ts'))
    .map(name => path.basename(name, '.ts'))
    .sort()
}

async function applied(db: Kysely<Schema>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return []
  const rows = await db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .execute()
  return rows.map(({ name }) => name)
}

/** Whether nothing of Signet is in this database. */
export const isNew = async (db: Kysely<Schema>): Promise<boolean> => (await applied(db)).length === 0

/**
 * Whether the schema is this program's already. It only reads: a command need not wait for the lock of a server that is busy.
 * @throws SchemaIsNewer when a newer program has migrated this database before
 */
export async function isMigrated(db: Kysely<Schema>): Promise<boolean> {
  const [ours, theirs] = [await known(), await applied(db)]
  const unknown = theirs.filter(name => !ours.includes(name))
  if (unknown.length > 0) {
    throw new SchemaIsNewer(
      `The database was migrated by a newer Signet (${unknown.join(', ')}). Run that version, or restore a backup made before it.`,
    )
  }
  return theirs.length === ours.length
}

/**
 * Brings the schema up to this program's.
 * @returns the migrations that ran now
 * @throws SchemaIsNewer when a newer program has migrated this database before
 */
export async function migrate(db: Kysely<Schema>): Promise<readonly RanMigration[]> {
  if (await isMigrated(db)) return []
  const files = new FileMigrationProvider({ fs, path, migrationFolder })
  const migrations: Record<string, DescribedMigration> = await files.getMigrations()
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  return results.map(({ migrationName: name }) => ({ name, description: migrations[name]?.description }))
}
