/** What an operator should know of a service that may or may not run: each thing is looked at, and nothing is changed. */
import { type Clock, isoTime } from '../clock.ts'
import { type KeyStore, readProved } from '../keys/private-keys.ts'
import { inState } from '../keys/schedule.ts'
import type { AuditReader, Provenance } from '../records/audit-event.ts'
import type { ClientReader } from '../records/client.ts'
import type { CredentialReader } from '../records/credential.ts'
import type { SigningKeyReader } from '../records/signing-key.ts'
import type { UserReader } from '../records/user.ts'
import type { AcceptedRestore, CredentialChoice } from './accept-restore.ts'
import type { AtStake } from './at-stake.ts'
import { expiringCredentials } from './expiring-credentials.ts'
import { folderProblem } from './files.ts'
import { forwardedAddresses } from './forwarded-addresses.ts'
import { guessableClients } from './guessable-clients.ts'
import { importedPasswords } from './imported-passwords.ts'
import type { RestoreGuard } from './restore.ts'

export interface Finding {
  readonly check: string
  /** What to mend; undefined when all is well. */
  readonly problem: string | undefined
  /** What will be one if nobody does anything; undefined when there is nothing. */
  readonly warning: string | undefined
  /** What an operator should know and need not mend; undefined when there is nothing. */
  readonly note: string | undefined
}

export interface Doctor {
  examine(): Promise<readonly Finding[]>
  /**
   * Marks the database as one that was put back, so that nothing is served before that is accepted.
   * @throws KeyError when it is known to be one
   */
  markRestored(by: Provenance): Promise<void>
  /**
   * The database is the original, on another server.
   * @throws KeyError when it is not on another one, or known to be a copy
   */
  acceptMove(by: Provenance): Promise<void>
  /**
   * What accepting the restore would end.
   * @throws KeyError when there is nothing to accept
   */
  atStake(): Promise<AtStake>
  /**
   * Ends what is older than the restore.
   * @throws KeyError when there is nothing to accept
   */
  acceptRestore(choice: CredentialChoice, by: Provenance): Promise<AcceptedRestore>
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Which of the two it is can't be told from what is stored. */
const CLOCK_REMEDIES =
  'If the clock is behind, set it. If it is right, it was ahead when that was written: nothing waits for that time to come, but ' +
  'what was issued meanwhile works for as much longer. To end that, run: signet keys revoke --all --reason …, signet sessions revoke, ' +
  'and give new client secrets and API keys in the place of those that were made then.'

/** The clock of this machine may be this much behind what was written last. */
const CLOCK_SLACK_MS = 60_000

export function createExamination(dependencies: {
  /** Opened when they are asked for: what can't be opened is what to mend. */
  readonly openDatabase: () => Promise<{
    readonly signingKeys: SigningKeyReader
    readonly credentials: Pick<CredentialReader, 'listExpiring'>
    readonly clients: Pick<ClientReader, 'listSigningIn'>
    readonly audit: Pick<AuditReader, 'page'>
    readonly users: Pick<UserReader, 'countImportedHashes' | 'dearestHashCost'>
    /** When the newest audit event was written. */
    readonly lastEventAtMs: () => Promise<number | undefined>
    /** When the newest seal was made: seals are in the order in which they were written, whatever the clock said. */
    readonly lastSealAtMs: () => Promise<number | undefined>
    readonly integrityProblem: () => Promise<string | undefined>
  }>
  /** Of the signing keys, and of the audit. */
  readonly openKeys: () => Promise<KeyStore>
  readonly openAuditKeys: () => Promise<KeyStore>
  /** The private keys that are also in the store that SIGNET_KEYS_STORE does not name. */
  readonly copiesElsewhere: () => Promise<readonly string[]>
  readonly restoreGuard: () => Promise<RestoreGuard>
  /** Fails when the key that seals the audit can't be used. */
  readonly assertAuditKey: () => Promise<void>
  /** In which new files have to be made. */
  readonly folders: { readonly database: readonly string[]; readonly keys: readonly string[] }
  readonly isEncrypted: boolean
  /** Where the database has a name too many, or is talked to in the clear. */
  readonly databaseCaution: () => string | undefined
  /** What a newer program has done to the schema, with which this one can work. */
  readonly stepsAhead: () => Promise<readonly { readonly name: string }[]>
  /** Whether what was acknowledged survives the server; undefined where there is none. */
  readonly durability: (() => Promise<string | undefined>) | undefined
  readonly clock: Clock
}): Doctor['examine'] {
  const { openDatabase, openKeys, openAuditKeys, copiesElsewhere, restoreGuard, assertAuditKey } = dependencies
  const { folders, isEncrypted, databaseCaution, stepsAhead, durability, clock } = dependencies

  const firstProblem = (paths: readonly string[]) => paths.map(folderProblem).find(problem => problem !== undefined)

  async function keyProblem(state: 'active' | 'pending'): Promise<string | undefined> {
    const known = await (await openDatabase()).signingKeys.list()
    // Before the first start there are none.
    if (known.length === 0) return undefined
    const key = inState(known, state)
    if (key === undefined) return `No key is ${state}. Run: signet keys revoke --all --reason …`
    await readProved(await openKeys(), key)
    return undefined
  }

  const isOfTheFuture = (atMs: number | undefined): atMs is number =>
    atMs !== undefined && atMs > clock.now() + CLOCK_SLACK_MS

  async function timesAhead(): Promise<string | undefined> {
    const lastMs = await (await openDatabase()).lastEventAtMs()
    if (!isOfTheFuture(lastMs)) return undefined
    return `The clock says ${isoTime(clock.now())}, and the last event is of ${isoTime(lastMs)}. ${CLOCK_REMEDIES}`
  }

  /** Once a service has run by this clock, whoever looks has set it, or knows that it is right. */
  async function clockProblem(): Promise<string | undefined> {
    const sealedAtMs = await (await openDatabase()).lastSealAtMs()
    return sealedAtMs === undefined || isOfTheFuture(sealedAtMs) ? timesAhead() : undefined
  }

  async function newerSchema(): Promise<string | undefined> {
    const names = (await stepsAhead()).map(({ name }) => name)
    if (names.length === 0) return undefined
    return `The schema is of a newer Signet (${names.join(', ')}), and this version can work with it. Update it, too.`
  }

  async function encryptionProblem(): Promise<string | undefined> {
    if (!isEncrypted) return undefined
    const stores = [await openKeys(), await openAuditKeys()]
    const kept = (await Promise.all(stores.map(store => store.protections()))).flat()
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

  const signingIn = async () => (await openDatabase()).clients.listSigningIn()

  const checks: Readonly<Record<string, () => Promise<string | undefined>>> = {
    database: async () => firstProblem(folders.database) ?? (await openDatabase()).integrityProblem(),
    clock: clockProblem,
    'key directory': async () => {
      await openKeys()
      return firstProblem(folders.keys)
    },
    'active key': () => keyProblem('active'),
    'standby key': () => keyProblem('pending'),
    'audit key': async () => void (await assertAuditKey()),
    'key encryption': encryptionProblem,
    restore: async () => (await restoreGuard()).refusal(),
  }
  /** What they answer is as it should be. */
  const facts: typeof checks = {
    'sign-ins': async () => guessableClients(await signingIn()),
    'imported passwords': async () => importedPasswords((await openDatabase()).users),
  }
  /** What is told where a check finds no problem. */
  const cautions: typeof checks = {
    database: async () => databaseCaution() ?? newerSchema(),
    clock: timesAhead,
    'key encryption': copyWarning,
  }
  /** What they answer is no problem yet. */
  const outlooks: typeof checks = {
    ...(durability && { durability }),
    'forwarded addresses': async () => forwardedAddresses(await signingIn(), (await openDatabase()).audit, clock),
    credentials: async () => expiringCredentials((await openDatabase()).credentials, clock),
  }

  const nothing = { problem: undefined, warning: undefined, note: undefined }
  const findingOf = (check: string, as: 'problem' | 'warning' | 'note', look: () => Promise<string | undefined>) =>
    look().then(
      said => ({ check, ...nothing, [as]: said }),
      (error: unknown) => ({ check, ...nothing, problem: messageOf(error) }),
    )

  return async () => {
    const findings: Finding[] = []
    for (const [check, look] of Object.entries(checks)) {
      const found = await findingOf(check, 'problem', look)
      const caution = found.problem === undefined ? cautions[check] : undefined
      findings.push(caution === undefined ? found : await findingOf(check, 'warning', caution))
    }
    for (const [check, look] of Object.entries(facts)) findings.push(await findingOf(check, 'note', look))
    for (const [check, look] of Object.entries(outlooks)) findings.push(await findingOf(check, 'warning', look))
    return findings
  }
}
