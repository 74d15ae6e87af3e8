/** The directory of the private keys and of what belongs beside them: only its owner may change it, and each file in it is its owner's. */
import { constants, type Stats } from 'node:fs'
import { chmod, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileTrust, remedyFor } from '../records/file-trust.ts'
import { KeyError } from '../records/signing-key.ts'
import { MissingKey } from './key-errors.ts'

/** The folder of the audit's keys in it. */
export const AUDIT_KEYS = 'audit'

const GROUP_MAY_WRITE = 0o020

/** In the clear, and encrypted. */
export const PLAIN = '.pem'
export const ENCRYPTED = '.jwe'
/** Of a file that has not got its name yet. */
export const UNFINISHED = '.new'

export const isKey = (name: string): boolean =>
  !name.startsWith('.') && (name.endsWith(PLAIN) || name.endsWith(ENCRYPTED))

/** A key that is not known to the database yet: `.<kid>.pem.new`. */
export const isPrepared = (name: string): boolean => /^\.[\w-]+\.(pem|jwe)\.new$/.test(name)

/** Of a key's file, prepared or not. */
export const kidOf = (name: string): string => name.replace(/^\./, '').replace(/\.(pem|jwe)(\.new)?$/, '')

/**
 * Refuses a directory that others can write to: they could have put a key of theirs there. One without keys that only its group
 * can write to is what a checkout under umask 002 looks like, and is closed instead.
 */
async function assertPrivate(directory: string, trust: FileTrust): Promise<void> {
  const stat = await lstat(directory)
  if (!trust.mayOwn(stat)) {
    const remedy = `chown ${process.getuid?.()} ${directory}${trust.advice(stat)}`
    throw new KeyError(
      `${directory} belongs to another user (uid ${stat.uid}), who could put keys there. Run: ${remedy}`,
    )
  }
  const open = trust.foreignBits(stat)
  if (open === 0) return
  const isFresh = open === GROUP_MAY_WRITE && !(await readdir(directory)).some(isKey)
  if (isFresh) return chmod(directory, 0o700)
  const remedy = `chmod ${open & GROUP_MAY_WRITE ? 'go-w' : 'o-w'} ${directory}${trust.advice(stat)}`
  throw new KeyError(`${directory} can be written to by other users. Run: ${remedy}`)
}

/**
 * Makes the directory if there is none.
 * @throws KeyError when it is no directory, or others can write to it
 */
export async function openKeyDirectory(directory: string, trust: FileTrust): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    // Something else stands there, which is said below.
    if (error.code !== 'EEXIST') throw new KeyError(`${directory} can't be made (${error.code}).`, { cause: error })
  })
  if (!(await lstat(directory)).isDirectory()) {
    throw new KeyError(`${directory} is not a directory. Set SIGNET_KEYS_DIR to one.`)
  }
  await assertPrivate(directory, trust)
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

/** All that has to be mended, at once: a copy that was put back most often has another owner and another mode. */
function complaint(file: string, stat: Stats, trust: FileTrust): string | undefined {
  const [isForeign, isOpen] = [!trust.mayOwn(stat), trust.foreignBits(stat) !== 0]
  if (!isForeign && !isOpen) return undefined
  const owner = `belongs to another user (uid ${stat.uid}), who could exchange it`
  const wrong = [...(isForeign ? [owner] : []), ...(isOpen ? ['is open to other users'] : [])].join(', and ')
  return `${file} ${wrong}. If nobody ${isForeign ? 'exchanged' : 'copied'} it, run: ${remedyFor(file, stat)}${trust.advice(stat)}`
}

async function refuseUnreadable(file: string, error: NodeJS.ErrnoException, trust: FileTrust): Promise<never> {
  if (error.code === 'ENOENT') throw new MissingKey(file)
  if (error.code === 'ELOOP') throw new KeyError(`${file} is a symbolic link. Put the key itself in its place.`)
  const stat = error.code === 'EACCES' ? await lstat(file).catch(() => undefined) : undefined
  const remedy = stat && `Run: ${remedyFor(file, stat)}`
  const problem = stat && complaint(file, stat, trust)
  throw new KeyError(problem ?? `${file} can't be read (${error.code}). ${remedy ?? ''}`.trim(), { cause: error })
}

/** @throws KeyError when the file is missing, no file, or somebody else may have read, changed or chosen it */
export async function readPrivately(file: string, trust: FileTrust): Promise<string> {
  // A link could point to a key that somebody else chose, and a pipe would keep the process waiting.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(error =>
    refuseUnreadable(file, error, trust),
  )
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw new KeyError(`${file} is not a file. Restore it from a backup of the keys.`)
    const problem = complaint(file, stat, trust)
    if (problem !== undefined) throw new KeyError(problem)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}
