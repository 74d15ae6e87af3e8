/** What an operator should know of a service that may or may not run: each thing is looked at, and nothing is changed. */
import type { Clock } from '../clock.ts'
import { EncryptionKeyError } from '../keys/key-errors.ts'
import type { AuditReader, Provenance } from '../records/audit-event.ts'
import type { ClientReader } from '../records/client.ts'
import type { CredentialReader } from '../records/credential.ts'
import type { SigningKeyReader } from '../records/signing-key.ts'
import type { UserReader } from '../records/user.ts'
import type { AcceptedRestore, CredentialChoice } from './accept-restore.ts'
import type { AtStake } from './at-stake.ts'
import { createClockChecks } from './clock-checks.ts'
import { expiringCredentials } from './expiring-credentials.ts'
import { folderProblem } from './files.ts'
import { forwardedAddresses } from './forwarded-addresses.ts'
import { guessableClients } from './guessable-clients.ts'
import { importedPasswords } from './imported-passwords.ts'
import { createKeyChecks, type KeyPlaces } from './key-checks.ts'
import type { LastBackup } from './last-backup.ts'
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

type Look = () => Promise<string | undefined>

const kinds = ['problem', 'warning', 'note'] as const

/** What is looked at. The first of the three that says something is what is found. */
interface Check extends Partial<Readonly<Record<(typeof kinds)[number], Look>>> {
  readonly check: string
  /** Accepting a restore replaces what this is about: before that, its problem is none to mend. */
  readonly isReplaced?: true
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const nothing = { problem: undefined, warning: undefined, note: undefined }

/**
 * In a copy that was put back, a private key may be missing because it was revoked as stolen, and its file must not come back. New keys
 * are made under the key-encryption key: so that it is missing is told all the same.
 */
const RESTORE_FIRST = 'Solve the problem of "restore" first, then run signet doctor again.'

async function find({ check, isReplaced, ...looks }: Check, isPutBack: boolean): Promise<Finding> {
  const waits = isPutBack && isReplaced === true
  try {
    for (const kind of kinds) {
      const said = await looks[kind]?.()
      if (said === undefined) continue
      return { check, ...nothing, ...(waits && kind === 'problem' ? { note: RESTORE_FIRST } : { [kind]: said }) }
    }
    return { check, ...nothing }
  } catch (error) {
    const isLeft = waits && !(error instanceof EncryptionKeyError)
    return { check, ...nothing, ...(isLeft ? { note: RESTORE_FIRST } : { problem: messageOf(error) }) }
  }
}

/** What needs somebody comes first. */
const weightOf = (finding: Finding): number => {
  const at = kinds.findIndex(kind => finding[kind] !== undefined)
  return at === -1 ? kinds.length : at
}

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
    readonly integrityProblem: Look
  }>
  readonly keys: KeyPlaces
  readonly restoreGuard: () => Promise<RestoreGuard>
  /** In which new files have to be made. */
  readonly folders: { readonly database: readonly string[]; readonly keys: readonly string[] }
  /** Where the database has a name too many, or is talked to in the clear. */
  readonly databaseCaution: () => string | undefined
  /** What a newer program has done to the schema, with which this one can work. */
  readonly stepsAhead: () => Promise<readonly { readonly name: string }[]>
  /** Whether a server answers on this machine. */
  readonly server: () => Promise<string>
  readonly lastBackup: () => Promise<LastBackup>
  /** Whether what was acknowledged survives the server; undefined where there is none. */
  readonly durability: Look | undefined
  readonly clock: Clock
}): Doctor['examine'] {
  const { openDatabase, keys, restoreGuard, folders, databaseCaution, stepsAhead } = dependencies
  const { server, lastBackup, durability, clock } = dependencies

  const firstProblem = (paths: readonly string[]) => paths.map(folderProblem).find(problem => problem !== undefined)
  const signingIn = async () => (await openDatabase()).clients.listSigningIn()
  const ofKeys = createKeyChecks(keys, async () => (await openDatabase()).signingKeys)
  const ofClock = createClockChecks(openDatabase, clock)

  async function newerSchema(): Promise<string | undefined> {
    const names = (await stepsAhead()).map(({ name }) => name)
    if (names.length === 0) return undefined
    return `The schema is of a newer Signet (${names.join(', ')}), and this version can work with it. Update it, too.`
  }

  const checks: readonly Check[] = [
    {
      check: 'database',
      problem: async () => firstProblem(folders.database) ?? (await openDatabase()).integrityProblem(),
      warning: async () => databaseCaution() ?? newerSchema(),
    },
    {
      check: 'key directory',
      async problem() {
        await keys.openSigning()
        return firstProblem(folders.keys)
      },
    },
    { check: 'restore', problem: async () => (await restoreGuard()).refusal() },
    { check: 'clock', problem: ofClock.problem, warning: ofClock.warning },
    { check: 'active key', isReplaced: true, problem: () => ofKeys.stateProblem('active') },
    { check: 'standby key', isReplaced: true, problem: () => ofKeys.stateProblem('pending') },
    { check: 'audit key', isReplaced: true, problem: async () => void (await keys.assertAuditKey()) },
    {
      check: 'key encryption',
      isReplaced: true,
      problem: ofKeys.encryptionProblem,
      warning: ofKeys.copyWarning,
      note: async () => ofKeys.encryption,
    },
    { check: 'server', note: server },
    {
      check: 'last backup',
      warning: async () => (await lastBackup()).warning,
      note: async () => (await lastBackup()).note,
    },
    ...(durability === undefined ? [] : [{ check: 'durability', warning: durability }]),
    { check: 'sign-ins', note: async () => guessableClients(await signingIn()) },
    { check: 'imported passwords', note: async () => importedPasswords((await openDatabase()).users) },
    {
      check: 'forwarded addresses',
      warning: async () => forwardedAddresses(await signingIn(), (await openDatabase()).audit, clock),
    },
    {
      check: 'credentials',
      warning: async () => expiringCredentials((await openDatabase()).credentials, clock),
    },
  ]

  return async () => {
    // Where that can't be told, the check itself says why.
    const refusal = await restoreGuard()
      .then(guard => guard.refusal())
      .catch(() => undefined)
    const findings: Finding[] = []
    for (const check of checks) findings.push(await find(check, refusal !== undefined))
    return findings.toSorted((one, other) => weightOf(one) - weightOf(other))
  }
}
