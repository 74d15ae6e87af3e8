/** Private signing keys at rest: one PKCS#8 file per kid, 0600, written by rename, in a directory that only its owner may change. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { KeyError } from './key-error.ts'

export interface KeyFiles {
  /** @throws KeyError that names the file and says what to do */
  read(kid: string): Promise<KeyObject>
  write(kid: string, privateKey: KeyObject): Promise<void>
  remove(kid: string): Promise<void>
  /** The kids of all files. */
  list(): Promise<readonly string[]>
}

const OTHERS_MAY_WRITE = 0o022
const GROUP_MAY_WRITE = 0o020
const OTHERS_MAY_ANYTHING = 0o077

const isKey = (name: string): boolean => name.endsWith('.pem')

/**
 * Refuses a directory that others can write to: they could have put a key of theirs there. One without keys that only its group
 * can write to is what a checkout under umask 002 looks like, and is closed instead.
 */
async function assertPrivate(directory: string): Promise<void> {
  const { mode } = await lstat(directory)
  if ((mode & OTHERS_MAY_WRITE) === 0) return
  const isFresh = (mode & OTHERS_MAY_WRITE) === GROUP_MAY_WRITE && !(await readdir(directory)).some(isKey)
  if (isFresh) return chmod(directory, 0o700)
  throw new KeyError(`${directory} can be written to by other users. Run: chmod go-w ${directory}`)
}

/** @throws KeyError when the directory is none, or others can write to it */
export async function openKeyFiles(directory: string): Promise<KeyFiles> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    // Something else stands there, which is said below.
    if (error.code !== 'EEXIST') throw new KeyError(`${directory} can't be made (${error.code}).`, { cause: error })
  })
  if (!(await lstat(directory)).isDirectory()) {
    throw new KeyError(`${directory} is not a directory. Set SIGNET_KEYS_DIR to one.`)
  }
  await assertPrivate(directory)

  const fileOf = (kid: string): string => join(directory, `${kid}.pem`)

  /** Syncs the directory, without which a rename may be undone by a power loss. */
  async function syncDirectory(): Promise<void> {
    const handle = await open(directory, constants.O_RDONLY)
    await handle.sync().finally(() => handle.close())
  }

  async function readText(file: string): Promise<string> {
    // O_NOFOLLOW: a link could point to a key that somebody else chose.
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT')
        throw new KeyError(`The signing key ${file} is missing. Restore it from a backup of the keys.`)
      if (error.code === 'ELOOP') throw new KeyError(`${file} is a symbolic link. Put the key itself in its place.`)
      throw new KeyError(`${file} can't be read (${error.code}).`, { cause: error })
    })
    try {
      const stat = await handle.stat()
      const { mode, uid } = stat
      if (!stat.isFile()) throw new KeyError(`${file} is not a file. Restore it from a backup of the keys.`)
      if (uid !== (process.getuid?.() ?? uid)) {
        throw new KeyError(
          `${file} belongs to another user (uid ${uid}), who could exchange it. Run: chown ${process.getuid?.()} ${file}`,
        )
      }
      if ((mode & OTHERS_MAY_ANYTHING) !== 0) {
        throw new KeyError(`${file} is open to other users. If nobody copied it, run: chmod 600 ${file}`)
      }
      return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  }

  return {
    async read(kid) {
      const file = fileOf(kid)
      const text = await readText(file)
      try {
        return createPrivateKey(text)
      } catch (error) {
        throw new KeyError(`${file} is damaged: it holds no private key. Restore it from a backup of the keys.`, {
          cause: error,
        })
      }
    },

    async write(kid, privateKey) {
      const temporary = join(directory, `.${kid}.${process.pid}.new`)
      const handle = await open(temporary, 'wx', 0o600)
      try {
        await handle.writeFile(privateKey.export({ format: 'pem', type: 'pkcs8' }))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, fileOf(kid))
      await syncDirectory()
    },

    remove: kid => rm(fileOf(kid), { force: true }),

    list: async () => (await readdir(directory)).filter(isKey).map(name => basename(name, '.pem')),
  }
}
