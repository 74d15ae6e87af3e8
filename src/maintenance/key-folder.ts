/**
 * A key directory in which no key of this database is, although the database has keys: most often an instance with a folder of its
 * own. That is no restore, and to accept one would end every session.
 */
import { resolve } from 'node:path'
import type { EpochFile } from '../keys/epoch-file.ts'
import type { PrivateKeys } from '../keys/private-keys.ts'
import type { InstanceReader } from '../records/instance.ts'
import type { PrivateKeyReader } from '../records/private-key.ts'
import { KeyError } from '../records/signing-key.ts'
import { RESTORED, type RestoreGuard } from './restore.ts'

/** Where the keys are instead. */
export type KeysElsewhere = 'database' | 'another_folder'

/** Undefined when the folder is that of this database, or nothing is known to be elsewhere. */
export type FindKeysElsewhere = () => Promise<KeysElsewhere | undefined>

export const createKeyFolderCheck =
  (dependencies: {
    readonly instance: InstanceReader
    readonly epochFile: Pick<EpochFile, 'read'>
    /** The kids of the keys that sign, or will. */
    readonly neededKids: () => Promise<readonly string[]>
    readonly files: Pick<PrivateKeys, 'list'>
    readonly table: PrivateKeyReader
    /** Whether there can be instances on other machines. */
    readonly isShared: boolean
  }): FindKeysElsewhere =>
  async () => {
    const { instance, epochFile, neededKids, files, table, isShared } = dependencies
    const found = await instance.find()
    if (found === undefined || found.backedUpAtMs !== null || found.epoch === RESTORED) return undefined
    if ((await epochFile.read(found.id)) !== undefined) return undefined
    const [needed, present] = [await neededKids(), await files.list()]
    if (needed.length === 0 || needed.some(kid => present.includes(kid))) return undefined
    const stored = (await table.list('signing')).map(({ kid }) => kid)
    if (needed.some(kid => stored.includes(kid))) return 'database'
    return isShared ? 'another_folder' : undefined
  }

const sentences: Readonly<Record<KeysElsewhere, (folder: string) => string>> = {
  database: folder =>
    `The private keys are in the database. Set SIGNET_KEYS_STORE=database, or bring them into ${folder}: signet keys rewrap.`,
  another_folder: folder =>
    `The key directory ${folder} has no key of this database, which has keys: another instance has them in a folder of its own. ` +
    'Share SIGNET_KEYS_DIR with it, or set SIGNET_KEYS_STORE=database: docs/runbooks/keys-in-the-database.md. If there is no other ' +
    'instance and the folder was lost, put its backup there; without one: docs/runbooks/restore.md.',
}

/** The guard, which says where the keys are instead of taking the database for one that was put back. */
export function guardKeyFolder(guard: RestoreGuard, find: FindKeysElsewhere, keysDirectory: string): RestoreGuard {
  async function keyFolderProblem(): Promise<string | undefined> {
    const where = await find()
    return where && sentences[where](resolve(keysDirectory))
  }
  /** What they would end is not put back: it is looked for in the wrong place. @throws KeyError */
  async function refuse(...where: readonly KeysElsewhere[]): Promise<void> {
    const found = await find()
    if (found !== undefined && where.includes(found))
      throw new KeyError(`${sentences[found](resolve(keysDirectory))} Nothing was changed.`)
  }
  return {
    ...guard,
    problem: async () => (await keyFolderProblem()) ?? guard.problem(),
    refusal: async () => (await keyFolderProblem()) ?? guard.refusal(),
    async assertOriginal() {
      const found = await keyFolderProblem()
      if (found !== undefined) throw new KeyError(`${found} Nothing is served.`)
      await guard.assertOriginal()
    },
    async assertRestored() {
      await refuse('database')
      await guard.assertRestored()
    },
    async markRestored(by) {
      await refuse('database')
      await guard.markRestored(by)
    },
    async acceptMove(by) {
      await refuse('database', 'another_folder')
      await guard.acceptMove(by)
    },
  }
}
