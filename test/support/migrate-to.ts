/** A database as an older program left it: with its migrations, and none of those that came later. */
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Kysely } from 'kysely'
import { FileMigrationProvider, Migrator } from 'kysely/migration'

const migrationFolder = fileURLToPath(new URL('../../db/migrations', import.meta.url))

/** Runs what is missing up to the migration `name`, and closes the connection. */
export async function migrateTo(db: Kysely<unknown>, name: string): Promise<void> {
  const migrator = new Migrator({ db, provider: new FileMigrationProvider({ fs, path, migrationFolder }) })
  const { error } = await migrator.migrateTo(name)
  await db.destroy()
  if (error !== undefined) throw error
}
