/** Picks the database that the configuration names, and gives it the stores. */
import { resolve } from 'node:path'
import type { DatabaseLocation } from '../records/instance.ts'
import { StorageRefused, StorageUnavailable } from '../records/unit-of-work.ts'
import type { Database, Sources } from './engine/database.ts'
import { type RanMigration, SchemaIsNewer } from './engine/migrations.ts'
import { prepareStores } from './stores/stores.ts'

/** Loads the driver of the one that is used. */
export async function openDatabase(target: DatabaseLocation, sources: Sources): Promise<Database> {
  if (target.kind === 'sqlite') {
    const { openSqlite } = await import('./engine/sqlite.ts')
    return openSqlite(target.path, sources, prepareStores)
  }
  const { openPostgres } = await import('./engine/postgres.ts')
  return openPostgres(target.url, sources, prepareStores)
}

/**
 * The same, with its schema brought up to date by the migrations in `ran`.
 * @throws StorageUnavailable that says which database can't be used and why, SchemaIsNewer
 */
export async function openMigrated(
  target: DatabaseLocation,
  sources: Sources,
): Promise<Database & { readonly ran: readonly RanMigration[] }> {
  const opened = await openDatabase(target, sources).catch(cannotOpen(target))
  try {
    return { ...opened, ran: await opened.migrate() }
  } catch (error) {
    await opened.close()
    return cannotOpen(target)(error)
  }
}

/** Says which database could not be opened, and why, to the operator who asked for it. */
const cannotOpen =
  (target: DatabaseLocation) =>
  (error: unknown): never => {
    if (error instanceof SchemaIsNewer || error instanceof StorageRefused || target.kind === 'postgres') throw error
    const { cause, message } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    throw new StorageUnavailable(`The database ${resolve(target.path)} can't be used: ${reason}.`, { cause: error })
  }
