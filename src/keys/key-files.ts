/**
 * Private signing keys at rest: one file per kid, 0600, written by rename, in a directory that only its owner may change. `.pem` is
 * PKCS#8 in the clear, `.jwe` the same encrypted (key-encryption.ts); both are read, and what is written depends on the configuration.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, lstat, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { KeyEncryption } from './key-encryption.ts'
import { EncryptionKeyError, KeyError } from './key-error.ts'

/** Where private keys are kept. A key is prepared before the database knows it, and committed after. */
export interface KeyFiles {
  /**
   * A key that the database knows: one that is prepared only is committed by this.
   * @throws KeyError that names the file and says what to do
   */
  read(kid: string): Promise<KeyObject>
  /** Keeps a key durably where `read` and `list` do not see it. */
  prepare(kid: string, privateKey: KeyObject): Promise<void>
  /** @param privateKey prepared once more when what was prepared is gone: another process may have tidied up */
  commit(kid: string, privateKey?: KeyObject): Promise<void>
  discard(kid: string): Promise<void>
  remove(kid: string): Promise<void>
  /** What messages to the operator call it. */
  nameOf(kid: string): Promise<string>
  /** The kids of all keys. */
  list(): Promise<readonly string[]>
  /** The kids of all keys that are prepared and neither committed nor discarded. */
  listPrepared(): Promise<readonly string[]>
  /** The kids of all keys that are not encrypted. */
  listPlain(): Promise<readonly string[]>
  /** The epoch of a database (restore.ts), as it was written last; undefined when there is none. */
  readEpoch(databaseId: string): Promise<string | undefined>
  writeEpoch(databaseId: string, epoch: string): Promise<void>
}

const OTHERS_MAY_WRITE = 0o022
const GROUP_MAY_WRITE = 0o020
const OTHERS_MAY_ANYTHING = 0o077

const PLAIN = '.pem'
const ENCRYPTED = '.jwe'
/** Behind a dot in front: a process that is killed leaves it, and the next start knows whether it is needed. */
const PREPARED = '.new'

const isKey = (name: string): boolean => !name.startsWith('.') && (name.endsWith(PLAIN) || name.endsWith(ENCRYPTED))
const kidOf = (name: string): string => name.replace(/\.(pem|jwe)$/, '')

async function writePrivately(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** What is in the database must not lead to a file elsewhere. */
function assertName(name: string): string {
  if (/^[\w-]+$/.test(name)) return name
  throw new KeyError(`${JSON.stringify(name)} can't be the name of a key: the database is damaged. Restore a backup.`)
}

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
 * @param encryption undefined: keys are kept in the clear
 * @throws KeyError when the directory is none, or others can write to it
 */
export async function openKeyFiles(directory: string, encryption?: KeyEncryption): Promise<KeyFiles> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    // Something else stands there, which is said below.
    if (error.code !== 'EEXIST') throw new KeyError(`${directory} can't be made (${error.code}).`, { cause: error })
  })
  if (!(await lstat(directory)).isDirectory()) {
    throw new KeyError(`${directory} is not a directory. Set SIGNET_KEYS_DIR to one.`)
  }
  await assertPrivate(directory)

  const extension = encryption === undefined ? PLAIN : ENCRYPTED
  const preparedFile = (kid: string, kind: string): string => join(directory, `.${assertName(kid)}${kind}${PREPARED}`)
  const keyFile = (kid: string, kind: string): string => join(directory, `${assertName(kid)}${kind}`)
  const epochFile = (databaseId: string): string => join(directory, `${assertName(databaseId)}.epoch`)
  const namesOfKeys = async () => (await readdir(directory)).filter(isKey)

  /** An encrypted file wins over one in the clear. */
  async function findFile(kid: string): Promise<string> {
    const names = await readdir(directory)
    const kind = [ENCRYPTED, PLAIN].find(each => names.includes(`${kid}${each}`))
    return keyFile(kid, kind ?? extension)
  }

  /** Syncs the directory, without which a rename may be undone by a power loss. */
  async function syncDirectory(): Promise<void> {
    const handle = await open(directory, constants.O_RDONLY)
    await handle.sync().finally(() => handle.close())
  }

  async function readText(file: string): Promise<string> {
    // A link could point to a key that somebody else chose, and a pipe would keep the process waiting.
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT')
          throw new KeyError(`The signing key ${file} is missing. Restore it from a backup of the keys.`)
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

  async function decrypt(file: string, text: string): Promise<string> {
    if (!file.endsWith(ENCRYPTED)) return text
    if (encryption === undefined)
      throw new EncryptionKeyError(
        `${file} is encrypted, and SIGNET_KEY_ENCRYPTION_KEY is not set. Set it to the key that it was encrypted with; ` +
          'if that key is lost, run: signet keys revoke --all --reason …',
      )
    try {
      return await encryption.decrypt(text)
    } catch (error) {
      throw new EncryptionKeyError(
        `${file} can't be decrypted: SIGNET_KEY_ENCRYPTION_KEY is another key than it was encrypted with, or the file is damaged. ` +
          'Set the right key or restore the file; if either is lost, run: signet keys revoke --all --reason …',
        { cause: error },
      )
    }
  }

  async function prepare(kid: string, privateKey: KeyObject): Promise<void> {
    const file = preparedFile(kid, extension)
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
    const text = encryption === undefined ? pem : await encryption.encrypt(pem)
    try {
      await writePrivately(file, text)
      await syncDirectory()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') throw error
      await rm(file, { force: true })
      throw new KeyError(
        `${file} can't be written (${code}), and no key was changed. Make room, or mend the directory.`,
        {
          cause: error,
        },
      )
    }
  }

  async function commit(kid: string, privateKey?: KeyObject): Promise<void> {
    const names = await readdir(directory)
    const kind = [ENCRYPTED, PLAIN].find(each => names.includes(basename(preparedFile(kid, each))))
    const isThere = names.some(name => isKey(name) && kidOf(name) === kid)
    if (kind === undefined && (isThere || privateKey === undefined)) return
    if (kind === undefined && privateKey !== undefined) await prepare(kid, privateKey)
    const from = kind ?? extension
    const overtaken = await rename(preparedFile(kid, from), keyFile(kid, from)).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT' || Promise.reject(error),
    )
    // Another process committed or discarded it in between.
    if (overtaken) return commit(kid, privateKey)
    await syncDirectory()
  }

  return {
    async read(kid) {
      await commit(kid)
      const file = await findFile(kid)
      const pem = await decrypt(file, await readText(file))
      try {
        return createPrivateKey(pem)
      } catch (error) {
        throw new KeyError(`${file} is damaged: it holds no private key. Restore it from a backup of the keys.`, {
          cause: error,
        })
      }
    },

    nameOf: findFile,

    prepare,

    commit,

    async discard(kid) {
      for (const kind of [ENCRYPTED, PLAIN]) await rm(preparedFile(kid, kind), { force: true })
    },

    async remove(kid) {
      for (const kind of [ENCRYPTED, PLAIN]) await rm(keyFile(kid, kind), { force: true })
      await syncDirectory()
    },

    list: async () => [...new Set((await namesOfKeys()).map(kidOf))],

    listPrepared: async () =>
      (await readdir(directory))
        .filter(name => /^\.[\w-]+\.(pem|jwe)\.new$/.test(name))
        .map(name => kidOf(name.slice(1, -PREPARED.length))),

    listPlain: async () => (await namesOfKeys()).filter(name => name.endsWith(PLAIN)).map(kidOf),

    async readEpoch(databaseId) {
      const text = await readFile(epochFile(databaseId), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw new KeyError(`${epochFile(databaseId)} can't be read (${error.code}).`, { cause: error })
      })
      return text?.trim()
    },

    async writeEpoch(databaseId, epoch) {
      const temporary = `${epochFile(databaseId)}${PREPARED}`
      await writeFile(temporary, `${epoch}\n`, { mode: 0o600, flush: true })
      await rename(temporary, epochFile(databaseId))
      await syncDirectory()
    },
  }
}
