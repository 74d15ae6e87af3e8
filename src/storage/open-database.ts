/** Picks the database that the configuration names, and gives it the stores. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { DatabaseLocation } from '../records/instance.ts'
import { StorageNotOpened, StorageRefused, StorageUnavailable } from '../records/unit-of-work.ts'
import type { Database, Sources } from './engine/database.ts'
import { describe, SchemaIsNewer, type SchemaSteps, type Step } from './engine/migrations.ts'
import { prepareStores } from './stores/stores.ts'

/** Loads the driver of the one that is used. */
export async function openDatabase(target: DatabaseLocation, sources: Sources): Promise<Database> {
  if (target.kind === 'sqlite') {
    const { openSqlite } = await import('./engine/sqlite/open.ts')
    return openSqlite(target.path, sources, prepareStores)
  }
  const { openPostgres } = await import('./engine/postgres/open.ts')
  return openPostgres(target.url, sources, prepareStores)
}

/**
 * The same, with its schema brought up to date by the migrations in `ran`; `ahead` is what a newer program has done to it before.
 * @param mayMake whether a database in which nothing is may become one of Signet's
 * @throws StorageUnavailable that says which database can't be used and why, SchemaIsNewer, StorageRefused
 */
export async function openMigrated(
  target: DatabaseLocation,
  sources: Sources,
  mayMake = true,
): Promise<Database & { readonly ran: readonly Step[]; readonly ahead: SchemaSteps['ahead'] }> {
  const opened = await openDatabase(target, sources).catch(cannotOpen(target))
  try {
    if (!mayMake && (await opened.isNew())) throw isNotOurs(target)
    const { ahead } = await opened.steps()
    return { ...opened, ahead, ran: await opened.migrate() }
  } catch (error) {
    await opened.close()
    return cannotOpen(target)(error)
  }
}

export interface SchemaCheck {
  /** What `openMigrated` would run. */
  readonly due: readonly Step[]
  readonly ahead: SchemaSteps['ahead']
}

/**
 * How the schema and this program differ. Nothing is made or changed.
 * @throws as openMigrated
 */
export async function checkSchema(target: DatabaseLocation, sources: Sources): Promise<SchemaCheck> {
  const isThere = target.kind !== 'sqlite' || (statSync(target.path, { throwIfNoEntry: false })?.size ?? 0) > 0
  if (!isThere) return { due: await describe(), ahead: [] }
  const opened = await openDatabase(target, sources).catch(cannotOpen(target))
  try {
    const { due, ahead } = await opened.steps()
    return { due: await describe(due), ahead }
  } catch (error) {
    return cannotOpen(target)(error)
  } finally {
    await opened.close()
  }
}

/** Says which database could not be opened, and why, to the operator who asked for it. */
const cannotOpen =
  (target: DatabaseLocation) =>
  (error: unknown): never => {
    if (error instanceof SchemaIsNewer || error instanceof StorageRefused) throw error
    const { cause, message } = error as Error
    if (target.kind === 'postgres')
      throw error instanceof StorageUnavailable ? new StorageNotOpened(message, { cause }) : error
    const reason = cause instanceof Error ? cause.message : message
    throw new StorageNotOpened(`The database ${resolve(target.path)} can't be used: ${reason}.`, { cause: error })
  }

const isNotOurs = (target: DatabaseLocation) =>
  new StorageRefused(
    `Nothing of Signet is in the database ${placeOf(target)}. If there should be, look at SIGNET_DATABASE_URL; if not, signet serve ` +
      'or signet migrate makes its tables.',
  )

/** Without user and password, which are percent-encoded in it. */
function placeOf(target: DatabaseLocation): string {
  if (target.kind === 'sqlite') return resolve(target.path)
  const { host, pathname, searchParams } = new URL(target.url.replace(/\/\/[^/]*@/, '//'))
  return `${decodeURI(pathname.slice(1))} at ${host || searchParams.get('host')}`
}
