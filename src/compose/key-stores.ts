/** Where private keys are, put together: in the store that SIGNET_KEYS_STORE names, and in the other one, where they may be left. */
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import type { EpochFile } from '../keys/epoch-file.ts'
import { AUDIT_KEYS, isKey, isPrepared } from '../keys/key-directory.ts'
import type { KeyStore } from '../keys/private-keys.ts'
import { SIGNING_STATES } from '../keys/schedule.ts'
import { assertKeyDirectoryIsThere, refuseForeignOwner } from '../maintenance/files.ts'
import { createKeyFolderCheck, type FindKeysElsewhere } from '../maintenance/key-folder.ts'
import type { FileTrust } from '../records/file-trust.ts'
import type { PrivateKeyPurpose } from '../records/private-key.ts'
import type { Database } from '../storage/engine/database.ts'
import { once } from './once.ts'
import type { Faults } from './sources.ts'

export type KeyStores = ReturnType<typeof composeKeyStores>

export function composeKeyStores(parts: {
  readonly config: Config
  readonly trust: FileTrust
  readonly faults: Faults
  /** Whether a key directory may be made. */
  mayMake(): boolean
  database(): Promise<Database>
}) {
  const { config, trust, faults, mayMake, database } = parts
  const { keysStore, keysDirectory, keyEncryptionKey, keyEncryptionKeyBefore } = config

  async function encryptionFor(purpose: PrivateKeyPurpose) {
    if (keyEncryptionKey === undefined) return undefined
    const { createKeyEncryption } = await import('../keys/key-encryption.ts')
    return createKeyEncryption(purpose, keyEncryptionKey, keyEncryptionKeyBefore)
  }

  const folderOf = (purpose: PrivateKeyPurpose): string =>
    purpose === 'audit' ? join(keysDirectory, AUDIT_KEYS) : keysDirectory

  function checkKeyDirectory(): void {
    if (!mayMake()) assertKeyDirectoryIsThere(keysDirectory)
    refuseForeignOwner(keysDirectory, trust)
  }

  async function openFiles(purpose: PrivateKeyPurpose): Promise<KeyStore> {
    checkKeyDirectory()
    const { openKeyFiles } = await import('../keys/key-files.ts')
    return openKeyFiles(folderOf(purpose), await encryptionFor(purpose), trust)
  }

  async function openTable(purpose: PrivateKeyPurpose): Promise<KeyStore> {
    const [{ read, write }, { createKeyTable }] = [await database(), await import('../keys/key-table.ts')]
    return createKeyTable({ purpose, read: read.privateKeys, write, encryption: await encryptionFor(purpose) })
  }

  const hasKeys = (folder: string): boolean =>
    existsSync(folder) && readdirSync(folder).some(name => isKey(name) || isPrepared(name))

  /** Undefined when nothing is left there. */
  async function openOther(purpose: PrivateKeyPurpose): Promise<KeyStore | undefined> {
    if (keysStore === 'files') return openTable(purpose)
    return hasKeys(folderOf(purpose)) ? openFiles(purpose) : undefined
  }

  async function remedyFor(purpose: PrivateKeyPurpose, kid: string): Promise<string | undefined> {
    const other = await openOther(purpose).catch(() => undefined)
    const kids = other === undefined ? [] : [...(await other.list()), ...(await other.listPrepared())]
    const isThere = kids.includes(kid)
    if (isThere && keysStore === 'database')
      return `It is in the key directory ${resolve(keysDirectory)}. Bring it into the database: signet keys rewrap`
    if (isThere)
      return 'It is in the database. Set SIGNET_KEYS_STORE=database, or bring it into the key directory: signet keys rewrap'
    if (keysStore === 'database' || config.database.kind === 'sqlite') return undefined
    return (
      'If another instance has it, share SIGNET_KEYS_DIR with that one, or set SIGNET_KEYS_STORE=database. If not, restore it from ' +
      'a backup of the keys; if there is none, run: signet keys revoke --all --reason …'
    )
  }

  const storeOf = (purpose: PrivateKeyPurpose, fault?: (store: KeyStore) => KeyStore) =>
    once(async () => {
      const store = keysStore === 'database' ? await openTable(purpose) : await openFiles(purpose)
      const { lookingElsewhere } = await import('../keys/private-keys.ts')
      return lookingElsewhere(fault?.(store) ?? store, kid => remedyFor(purpose, kid))
    })

  async function openEpoch(): Promise<EpochFile> {
    checkKeyDirectory()
    const { openEpochFile } = await import('../keys/epoch-file.ts')
    return openEpochFile(keysDirectory, trust)
  }

  /** Undefined where keys are in the database: then there is no folder. */
  const epochFile = once(async (): Promise<EpochFile | undefined> => {
    if (keysStore === 'database') return undefined
    const file = await openEpoch()
    return faults.epochFile?.(file) ?? file
  })

  /** That of the folder in which keys were before they came into the database. */
  const epochFileLeft = async (): Promise<EpochFile | undefined> =>
    keysStore === 'database' && existsSync(keysDirectory) ? openEpoch() : undefined

  const signing = storeOf('signing', faults.privateKeys)

  async function keysElsewhere(): Promise<FindKeysElsewhere> {
    const file = await epochFile()
    if (file === undefined) return async () => undefined
    const { read } = await database()
    const neededKids = async () =>
      (await read.signingKeys.list()).filter(({ state }) => SIGNING_STATES.includes(state)).map(({ kid }) => kid)
    return createKeyFolderCheck({
      ...{ instance: read.instance, epochFile: file, neededKids, files: await signing(), table: read.privateKeys },
      isShared: config.database.kind === 'postgres',
    })
  }

  return {
    /** In which new files have to be made. */
    folders: keysStore === 'database' ? [] : [folderOf('signing'), folderOf('audit')],
    signing,
    audit: storeOf('audit'),
    openOther,
    epochFile,
    epochFileLeft,
    keysElsewhere,
  }
}
