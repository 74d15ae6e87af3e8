/** The directory of the private keys and of what belongs beside them: only its owner may change it, and each file in it is its owner's. */
import { constants } from 'node:fs'
import { chmod, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { KeyError } from '../records/signing-key.ts'

const OTHERS_MAY_WRITE = 0o022
const GROUP_MAY_WRITE = 0o020
const OTHERS_MAY_ANYTHING = 0o077

/** In the clear, and encrypted. */
export const PLAIN = '.pem'
export const ENCRYPTED = '.jwe'
/** Of a file that has not got its name yet. */
export const UNFINISHED = '.new'

export const isKey = (name: string): boolean =>
  !name.startsWith('.') && (name.endsWith(PLAIN) || name.endsWith(ENCRYPTED))

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

/**
 * Makes the directory if there is none.
 * @throws KeyError when it is no directory, or others can write to it
 */
export async function openKeyDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    // Something else stands there, which is said below.
    if (error.code !== 'EEXIST') throw new KeyError(`${directory} can't be made (${error.code}).`, { cause: error })
  })
  if (!(await lstat(directory)).isDirectory()) {
    throw new KeyError(`${directory} is not a directory. Set SIGNET_KEYS_DIR to one.`)
  }
  await assertPrivate(directory)
}

/**
 * What is in the database must not lead to a file elsewhere.
 * @param id of a key or a database
 */
export function fileIn(directory: string, id: string, extension: string, prefix = ''): string {
  if (/^[\w-]+$/.test(id)) return join(directory, `${prefix}${id}${extension}`)
  throw new KeyError(`${JSON.stringify(id)} can't be the name of a key: the database is damaged. Restore a backup.`)
}

/** Without it a rename may be undone by a power loss. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY)
  await handle.sync().finally(() => handle.close())
}

export async function writePrivately(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** @throws KeyError when the file is missing, no file, or somebody else may have read, changed or chosen it */
export async function readPrivately(file: string): Promise<string> {
  // A link could point to a key that somebody else chose, and a pipe would keep the process waiting.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT')
        throw new KeyError(
          `The private key ${file} is missing. Restore it from a backup of the keys; ` +
            'if there is none, run: signet keys revoke --all --reason …',
        )
      if (error.code === 'ELOOP') throw new KeyError(`${file} is a symbolic link. Put the key itself in its place.`)
      throw new KeyError(`${file} can't be read (${error.code}).`, { cause: error })
    },
  )
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
