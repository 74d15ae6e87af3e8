/** Picks the database that the configuration names, and gives it the stores. */
import { resolve } from 'node:path'
import { StorageUnavailable } from '../records/unit-of-work.ts'
import type { Database, Sources } from './engine/database.ts'
import { SchemaIsNewer } from './engine/migrations.ts'
import { prepareStores } from './stores/stores.ts'

export type DatabaseTarget =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

/** Loads the driver of the one that is used. */
export async function openDatabase(target: DatabaseTarget, sources: Sources): Promise<Database> {
  if (target.kind === 'sqlite') {
    const { openSqlite } = await import('./engine/sqlite.ts')
    return openSqlite(target.path, sources, prepareStores)
  }
  const { openPostgres } = await import('./engine/postgres.ts')
  return openPostgres(target.url, sources, prepareStores)
}

/**
 * Says which database could not be opened, and why, to the operator who asked for it.
 * @throws StorageUnavailable, or the error itself when it says all there is to say
 */
export const cannotOpen =
  (target: DatabaseTarget) =>
  (error: unknown): never => {
    if (error instanceof SchemaIsNewer || target.kind === 'postgres') throw error
    const { cause, message } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    throw new StorageUnavailable(`The database ${resolve(target.path)} can't be used: ${reason}.`, { cause: error })
  }
