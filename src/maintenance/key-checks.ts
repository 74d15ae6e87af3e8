/** Whether the private keys are there, work, and are kept as the configuration says. */
import { type KeyStore, readProved } from '../keys/private-keys.ts'
import { inState } from '../keys/schedule.ts'
import type { SigningKeyReader } from '../records/signing-key.ts'

export interface KeyPlaces {
  readonly openSigning: () => Promise<KeyStore>
  readonly openAudit: () => Promise<KeyStore>
  /** The private keys that are also in the store that SIGNET_KEYS_STORE does not name. */
  readonly copiesElsewhere: () => Promise<readonly string[]>
  /** Fails when the key that seals the audit can't be used. */
  readonly assertAuditKey: () => Promise<void>
  readonly isEncrypted: boolean
  readonly store: 'files' | 'database'
}

export function createKeyChecks(places: KeyPlaces, openKeyRows: () => Promise<SigningKeyReader>) {
  const { openSigning, openAudit, copiesElsewhere, isEncrypted, store } = places

  async function stateProblem(state: 'active' | 'pending'): Promise<string | undefined> {
    const known = await (await openKeyRows()).list()
    // Before the first start there are none.
    if (known.length === 0) return undefined
    const key = inState(known, state)
    if (key === undefined) return `No key is ${state}. Run: signet keys revoke --all --reason …`
    await readProved(await openSigning(), key)
    return undefined
  }

  async function encryptionProblem(): Promise<string | undefined> {
    if (!isEncrypted) return undefined
    const stores = [await openSigning(), await openAudit()]
    const kept = (await Promise.all(stores.map(each => each.protections()))).flat()
    const under = (protection: string) => kept.filter(each => each.under === protection).length
    const [plain, before] = [under('plain'), under('before')]
    const problems = [
      ...(plain > 0
        ? [`${plain} private keys are not encrypted: they were made before SIGNET_KEY_ENCRYPTION_KEY was set.`]
        : []),
      ...(before > 0 ? [`${before} private keys are still encrypted under SIGNET_KEY_ENCRYPTION_KEY_BEFORE.`] : []),
    ]
    return problems.length === 0 ? undefined : [...problems, 'Run: signet keys rewrap'].join(' ')
  }

  async function copyWarning(): Promise<string | undefined> {
    const copies = await copiesElsewhere()
    if (copies.length === 0) return undefined
    return (
      `${copies.length} private keys are also where they were before SIGNET_KEYS_STORE was changed. When every server was restarted, ` +
      'run: signet keys rewrap --remove-copies'
    )
  }

  const where = store === 'database' ? 'in the database' : 'files'
  const encryption = isEncrypted
    ? `On. Private keys are ${where}, encrypted under SIGNET_KEY_ENCRYPTION_KEY.`
    : 'Off. Private keys are written as plain files, mode 0600; docs/runbooks/encrypt-key-files.md turns it on.'

  return { stateProblem, encryptionProblem, copyWarning, encryption }
}
