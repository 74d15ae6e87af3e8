/** The database file and the key directory, before they are opened: whose they are, and whether they are there. */
import { accessSync, constants, existsSync, readFileSync, type Stats, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type FileTrust, remedyFor } from '../records/file-trust.ts'
import { countersFileOf, type DatabaseLocation } from '../records/instance.ts'
import { KeyError } from '../records/signing-key.ts'
import { StorageRefused } from '../records/unit-of-work.ts'

/** Somebody else's file: what we write beside it, they could not open. */
export class ForeignOwner extends Error {
  override readonly name = 'ForeignOwner'
}

function userName(uid: number): string | undefined {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find(entry => entry.split(':')[2] === String(uid))
    return line?.split(':')[0]
  } catch {
    return undefined
  }
}

/** What to do about a file or folder of another user. Nobody is told to run Signet as root: what root makes, the service can't open. */
function adviceOn(path: string, owner: Stats, trust: FileTrust): string {
  const ours = process.getuid?.()
  const isPutBack = owner.isFile() && ours !== 0 && trust.mayOwn(statSync(dirname(path)))
  if (isPutBack) return `If it was put back there, run: ${remedyFor(path, owner)}`
  if (owner.uid === 0) return `Run: chown ${ours} ${path}${trust.advice(owner)}`
  const name = userName(owner.uid) ?? `'#${owner.uid}'`
  return `Run this as that user, for example: sudo -u ${name} ./signet …`
}

/**
 * Refuses to work on a database or key directory of another user: `sudo ./signet …` would leave files that the service can't open.
 * A path that does not exist yet belongs to whoever makes it, unless root would make it in another user's folder.
 * @throws ForeignOwner that names the user to run as, or what mends it
 */
export function refuseForeignOwner(path: string, trust: FileTrust): void {
  // What root makes in somebody else's folder is as unreadable to them as what root writes to their file.
  const isRoot = process.getuid?.() === 0
  const existing = isRoot && !existsSync(path) ? dirname(path) : path
  const owner = statSync(existing, { throwIfNoEntry: false })
  if (owner === undefined || trust.mayOwn(owner)) return
  const name = userName(owner.uid) ?? `uid ${owner.uid}`
  throw new ForeignOwner(`${existing} belongs to ${name}. ${adviceOn(existing, owner, trust)}`)
}

/** The same for the database and what is counted beside it; PostgreSQL has owners of its own. */
export function refuseForeignDatabase(database: DatabaseLocation, trust: FileTrust): void {
  if (database.kind !== 'sqlite') return
  const { path } = database
  for (const file of [path, `${path}-wal`, `${path}-shm`, countersFileOf(path)]) refuseForeignOwner(file, trust)
}

/** Whoever opens the database by another name looks for a log of that name: what to warn of. */
export function otherNames(database: DatabaseLocation): string | undefined {
  if (database.kind !== 'sqlite') return undefined
  const { nlink = 1 } = statSync(database.path, { throwIfNoEntry: false }) ?? {}
  if (nlink < 2) return undefined
  return (
    `The database file has ${nlink} names, which are hard links. A program that opens it by another one does not see its log, and may ` +
    `damage it. Find them, and remove all but ${resolve(database.path)}: find / -xdev -samefile ${resolve(database.path)}`
  )
}

/**
 * To open a database makes it when it is missing: in the wrong folder a command would say "Added" of a database that nobody serves.
 * @throws StorageRefused
 */
export function assertDatabaseIsThere(database: DatabaseLocation): void {
  if (database.kind !== 'sqlite' || existsSync(database.path)) return
  throw new StorageRefused(
    `There is no database at ${resolve(database.path)}. If there should be one, look at SIGNET_DATABASE_URL and at the folder ` +
      'that this runs in; if not, signet serve or signet migrate makes it.',
  )
}

/** @throws KeyError */
export function assertKeyDirectoryIsThere(path: string): void {
  if (existsSync(path)) return
  throw new KeyError(
    `There is no key directory ${resolve(path)}. Check SIGNET_KEYS_DIR, and the folder that this runs in. For a new database signet serve ` +
      `makes it. If it was lost, run: mkdir -m 700 ${resolve(path)}, and follow docs/runbooks/restore.md`,
  )
}

/** What is wrong with a folder in which files have to be made; undefined when nothing is, or there is none. */
export function folderProblem(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    return `${resolve(path)} can't be written to (${code}), and new files have to be made there. Run this as the service runs; then mend the owner or the mode of that folder, or mount it to be written to.`
  }
}
