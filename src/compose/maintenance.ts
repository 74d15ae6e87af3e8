/** What operators use beside a service: the part of the composition root that only a few commands need. */
import { dirname } from 'node:path'
import type { Cascades } from '../accounts/cascades.ts'
import { createUserImport } from '../accounts/imported-users.ts'
import type { IssuerSurroundings } from '../accounts/issuer-rules.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { plainTextWarning } from '../config/postgres-tls.ts'
import type { KeyPolicy } from '../keys/schedule.ts'
import { createRestoreAcceptance } from '../maintenance/accept-restore.ts'
import { createDefinitionAdministration, type DefinitionAdministration } from '../maintenance/apply.ts'
import { createDefinitionWrite } from '../maintenance/apply-write.ts'
import { createStakes } from '../maintenance/at-stake.ts'
import { type AuditProof, createAuditProof } from '../maintenance/audit-proof.ts'
import { createBackup } from '../maintenance/backup.ts'
import { createExamination, type Doctor } from '../maintenance/doctor.ts'
import { createCredentialDrop } from '../maintenance/drop-credentials.ts'
import { durabilityWarning } from '../maintenance/durability.ts'
import { otherNames } from '../maintenance/files.ts'
import { createImport, type Import } from '../maintenance/import/import.ts'
import { createKeyAdministration, type KeyAdministration } from '../maintenance/keys.ts'
import { backedUpByServer, lastBackup } from '../maintenance/last-backup.ts'
import { lookForServer } from '../maintenance/own-server.ts'
import type { SessionManagement } from '../oauth/sessions/session-management.ts'
import { once } from './once.ts'
import { composeRewrap, type RewrapParts } from './rewrap.ts'

export interface MaintenanceParts extends RewrapParts {
  readonly config: Config
  readonly clock: Clock
  readonly policy: KeyPolicy
  readonly surroundings: IssuerSurroundings
  assertAuditKey(): Promise<void>
  sessionManagement(): Promise<SessionManagement>
  cascades(): Promise<Cascades>
}

export function composeMaintenance(parts: MaintenanceParts) {
  const { config, clock, policy, keyLifecycle, restoreGuard, sessionManagement } = parts

  const durability = async () => durabilityWarning((await (await parts.database()).read.pulse.take()).server)

  return {
    async keys(): Promise<KeyAdministration> {
      const { read } = await parts.database()
      return createKeyAdministration({
        lifecycle: await keyLifecycle(),
        auditKeyChanges: await parts.auditKeyChanges(),
        policy,
        assertOriginal: async () => (await restoreGuard()).assertOriginal(),
        sessionReader: read.sessions,
        rewrap: async (...asked) => (await composeRewrap(parts)).rewrap(...asked),
        clock,
      })
    },

    doctor: (): Doctor => ({
      examine: createExamination({
        openDatabase: async () => {
          const { read, integrityProblem } = await parts.database()
          const { signingKeys, credentials, clients, users, audit, auditSeals } = read
          return {
            ...{ signingKeys, credentials, clients, users, audit, integrityProblem },
            lastEventAtMs: audit.lastEventAtMs,
            lastSealAtMs: async () => (await auditSeals.last())?.sealedAtMs,
          }
        },
        keys: {
          openSigning: parts.keyStores.signing,
          openAudit: parts.keyStores.audit,
          copiesElsewhere: async () => (await composeRewrap(parts)).copies(),
          assertAuditKey: parts.assertAuditKey,
          isEncrypted: config.keyEncryptionKey !== undefined,
          store: config.keysStore,
        },
        restoreGuard,
        folders: {
          database: config.database.kind === 'sqlite' ? [dirname(config.database.path)] : [],
          keys: parts.keyStores.folders,
        },
        databaseCaution: () =>
          config.database.kind === 'postgres' ? plainTextWarning(config.database.url) : otherNames(config.database),
        stepsAhead: async () => (await parts.database()).stepsAhead(),
        server: () => lookForServer(config.managementHost, config.managementPort),
        lastBackup: once(async () =>
          config.database.kind === 'postgres'
            ? backedUpByServer
            : lastBackup((await parts.database()).read.audit, clock),
        ),
        durability: config.database.kind === 'postgres' ? durability : undefined,
        clock,
      }),
      async atStake() {
        const { read } = await parts.database()
        return createStakes({ restoreGuard: await restoreGuard(), read, clock })()
      },
      async markRestored(by) {
        await (await restoreGuard()).markRestored(by)
      },
      async acceptMove(by) {
        await (await restoreGuard()).acceptMove(by)
      },
      async acceptRestore(choice, by) {
        const { read, write } = await parts.database()
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
      createAuditProof({ openDatabase: parts.database, retentionSeconds: config.auditRetentionSeconds, clock }),

    async definitions(): Promise<DefinitionAdministration> {
      const { snapshot, write } = await parts.database()
      const { randomness, surroundings } = parts
      const writing = { write, cascades: await parts.cascades(), surroundings, clock, randomness }
      return createDefinitionAdministration({ snapshot, surroundings, definitionWrite: createDefinitionWrite(writing) })
    },

    async userImport(): Promise<Import> {
      const { read, write } = await parts.database()
      return createImport(
        createUserImport({ read, write, cascades: await parts.cascades(), clock, randomness: parts.randomness }),
      )
    },

    backup: createBackup(
      config.database.kind === 'sqlite' ? parts.database : undefined,
      config.keysStore === 'database',
    ),
  }
}
