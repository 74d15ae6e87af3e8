/** Where the folders of tests lie: in two of the run's own, which are gone with it, or else where the system has such. */
import { accessSync, chmodSync, constants, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const MEMORY = '/dev/shm'
const ROOM_NEEDED_BYTES = 2 ** 30

/** A container's own is often too small, and other systems have none. */
function hasMemory(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize > ROOM_NEEDED_BYTES
  } catch {
    return false
  }
}

export const disk = (): string => process.env['SIGNET_TEST_DISK'] ?? tmpdir()
/** In memory where the system has that, so that nothing waits for a disk. */
export const memory = (): string => process.env['SIGNET_TEST_MEMORY'] ?? (hasMemory() ? MEMORY : tmpdir())

/** Makes both for a run, and tells its processes of them by their environment. */
export function makeFoldersOfRun() {
  const [onDisk, inMemory] = [disk(), memory()].map(place => mkdtempSync(join(place, 'signet-run-'))) as [
    string,
    string,
  ]
  // As the system's own: the user of the PostgreSQL server clears up there, too, and programs run as other users in both.
  for (const folder of [onDisk, inMemory]) chmodSync(folder, 0o1777)
  process.env['SIGNET_TEST_DISK'] = onDisk
  process.env['SIGNET_TEST_MEMORY'] = inMemory
  // What Node made of the sources is made once, and not by every room and every program that a test starts.
  process.env['NODE_COMPILE_CACHE'] ??= join(inMemory, 'compiled')
  return async () => {
    // Those of tests that were killed are just ending; one that was frozen takes five seconds.
    for (let tries = 100; tries > 0 && serversIn(onDisk).length > 0; tries -= 1) await setTimeout(100)
    for (const folder of [onDisk, inMemory]) rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** Whether others come there. */
export const isOpenToAll = (path: string): boolean =>
  (statSync(path).mode & (statSync(path).isDirectory() ? 0o001 : 0o004)) !== 0 &&
  (dirname(path) === path || isOpenToAll(dirname(path)))

export const NAME_OF_SERVER = 'signet-postgres-'

const serversIn = (folder: string): string[] => readdirSync(folder).filter(name => name.startsWith(NAME_OF_SERVER))
