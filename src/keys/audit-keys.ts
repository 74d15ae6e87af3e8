/** The audit key of a running service. */
import type { AuditSealReader, AuditSigner } from '../records/audit-seal.ts'
import { KeyError } from '../records/signing-key.ts'
import { readAuditKey } from './audit-key.ts'
import type { AuditKeyChanges } from './audit-key-changes.ts'
import type { PrivateKeys } from './private-keys.ts'

export interface AuditKeys {
  /** The key that signs now. */
  current(): AuditSigner
  /** Learns of a key that another process has made. */
  follow(): Promise<void>
}

/**
 * The current key; the first start makes one.
 * @throws KeyError when its private half is missing or damaged
 */
export async function openAuditKeys(dependencies: {
  readonly privateKeys: PrivateKeys
  readonly changes: Pick<AuditKeyChanges, 'begin' | 'tidy'>
  readonly seals: Pick<AuditSealReader, 'keys'>
}): Promise<AuditKeys> {
  const { privateKeys, changes, seals } = dependencies
  const newest = async () => (await seals.keys()).at(-1)

  async function load(): Promise<AuditSigner> {
    const key = await newest()
    if (key === undefined) throw new KeyError('The database knows no audit key: signet serve makes the first one.')
    // Another process may replace it between the look into the database and the one at the file.
    return readAuditKey(privateKeys, key).catch(async error => {
      const again = await newest()
      if (again === undefined || again.kid === key.kid) throw error
      return readAuditKey(privateKeys, again)
    })
  }

  await changes.begin()
  await changes.tidy()
  let signer = await load()
  return {
    current: () => signer,
    async follow() {
      const key = await newest()
      if (key !== undefined && key.kid !== signer.kid) signer = await load()
    },
  }
}
