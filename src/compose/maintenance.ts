/** What operators use beside a service: the part of the composition root that only a few commands need. */
import type { Clock } from '../clock.ts'
import type { Config } from '../config/variables.ts'
import type { AuditKeyChanges } from '../keys/audit-key-changes.ts'
import type { KeyFiles } from '../keys/key-files.ts'
import type { KeyLifecycle } from '../keys/key-lifecycle.ts'
import type { KeyPolicy } from '../keys/schedule.ts'
import { createRestoreAcceptance } from '../maintenance/accept-restore.ts'
import { createStakes } from '../maintenance/at-stake.ts'
import { type AuditProof, createAuditProof } from '../maintenance/audit-proof.ts'
import { createBackup } from '../maintenance/backup.ts'
import { createExamination, type Doctor } from '../maintenance/doctor.ts'
import { createCredentialDrop } from '../maintenance/drop-credentials.ts'
import { assertDatabaseIsThere, assertKeyDirectoryIsThere } from '../maintenance/files.ts'
import { createKeyAdministration, type KeyAdministration } from '../maintenance/keys.ts'
import type { RestoreGuard } from '../maintenance/restore.ts'
import type { SessionManagement } from '../oauth/sessions/session-management.ts'
import type { Database } from '../storage/engine/database.ts'

/** Each is opened when it is asked for. */
export interface MaintenanceParts {
  readonly config: Config
  readonly clock: Clock
  readonly policy: KeyPolicy
  database(): Promise<Database>
  keyFiles(): Promise<KeyFiles>
  auditKeyChanges(): Promise<AuditKeyChanges>
  assertAuditKey(): Promise<void>
  keyLifecycle(): Promise<KeyLifecycle>
  restoreGuard(): Promise<RestoreGuard>
  sessionManagement(): Promise<SessionManagement>
}

export function composeMaintenance(parts: MaintenanceParts) {
  const { config, clock, policy, keyLifecycle, restoreGuard, sessionManagement } = parts

  const openDatabase = async () => {
    assertDatabaseIsThere(config.database)
    return parts.database()
  }
  const openFiles = async () => {
    assertKeyDirectoryIsThere(config.keysDirectory)
    return parts.keyFiles()
  }

  return {
    async keys(): Promise<KeyAdministration> {
      const { read } = await openDatabase()
      return createKeyAdministration({
        lifecycle: await keyLifecycle(),
        auditKeyChanges: await parts.auditKeyChanges(),
        policy,
        assertOriginal: async () => (await restoreGuard()).assertOriginal(),
        sessionReader: read.sessions,
        clock,
      })
    },

    doctor: (): Doctor => ({
      examine: createExamination({
        openDatabase: async () => {
          const { read, integrityProblem } = await openDatabase()
          const { signingKeys, credentials, clients, audit, auditSeals } = read
          return {
            ...{ signingKeys, credentials, clients, integrityProblem },
            lastEventAtMs: audit.lastEventAtMs,
            lastSealAtMs: async () => (await auditSeals.last())?.sealedAtMs,
          }
        },
        openFiles,
        restoreGuard: async () => {
          await openDatabase()
          await openFiles()
          return restoreGuard()
        },
        assertAuditKey: async () => {
          await openDatabase()
          await openFiles()
          await parts.assertAuditKey()
        },
        isEncrypted: config.keyEncryptionKey !== undefined,
        clock,
      }),
      async atStake() {
        const { read } = await openDatabase()
        return createStakes({ restoreGuard: await restoreGuard(), read, clock })()
      },
      async markRestored(by) {
        await openDatabase()
        await (await restoreGuard()).markRestored(by)
      },
      async acceptRestore(choice, by) {
        const { read, write } = await openDatabase()
        const acceptRestore = createRestoreAcceptance({
          clients: read.clients,
          restoreGuard: await restoreGuard(),
          sessionManagement: await sessionManagement(),
          keyLifecycle: await keyLifecycle(),
          auditKeyChanges: await parts.auditKeyChanges(),
          dropCredentials: createCredentialDrop({ write, clock }),
          write,
        })
        return acceptRestore(choice, by)
      },
    }),

    auditProof: (): AuditProof =>
      createAuditProof({ openDatabase, retentionSeconds: config.auditRetentionSeconds, clock }),

    backup: createBackup(config.database.kind === 'sqlite' ? openDatabase : undefined),
  }
}
