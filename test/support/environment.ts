/** Where a service of a test lives: folders and ports of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { disk, memory } from './folders-of-run.ts'
import { freePort } from './free-port.ts'

export { freePort }

const createFolder = (place: string): string => mkdtempSync(join(place, 'signet-test-'))
const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

const ofProcess: string[] = []
process.once('exit', () => ofProcess.forEach(removeFolder))

/** A folder for what several tests copy, removed when the process ends. */
export function folderOfProcess(): string {
  const folder = createFolder(memory())
  ofProcess.push(folder)
  return folder
}

/** A folder of the test's own, removed after it. */
export function temporaryFolder(t: Test, place = memory()): string {
  const folder = createFolder(place)
  t.teardown(() => removeFolder(folder))
  return folder
}

/** On the disk, for what is about the disk, and for programs, which may not be started from memory. */
export const folderOnDisk = (t: Test): string => temporaryFolder(t, disk())

export const isOnPostgres = (): boolean => process.env['SIGNET_TEST_DATABASE'] === 'postgres'

/** A SQLite file in it; where SIGNET_TEST_DATABASE says so, a database on PostgreSQL that belongs to it. */
async function databaseOf(folder: string): Promise<string> {
  if (!isOnPostgres()) return `file:${join(folder, 'db', 'signet.sqlite')}`
  const { postgresOf } = await import('./postgres.ts')
  return postgresOf(folder)
}

/** Where the database of `folder` is, of which all files are copied from `original`; a file or a URL. */
export async function databaseCopiedTo(folder: string, original: string): Promise<string> {
  if (!isOnPostgres()) return join(folder, 'db', 'signet.sqlite')
  const { postgresCopiedTo } = await import('./postgres.ts')
  return postgresCopiedTo(folder, original)
}

/** A machine that is busy with tests is no outage, and takes its time to connect. */
export const patience = { SIGNET_DATABASE_TIMEOUT: '20s' }

/** The environment of a service that lives in `folder`. */
export async function environmentOf(folder: string): Promise<Record<string, string>> {
  return {
    SIGNET_PORT: String(await freePort()),
    SIGNET_MANAGEMENT_PORT: String(await freePort()),
    SIGNET_DATABASE_URL: await databaseOf(folder),
    // Also beside SQLite: some tests name a database on PostgreSQL of their own.
    ...patience,
    SIGNET_KEYS_DIR: join(folder, 'keys'),
  }
}
