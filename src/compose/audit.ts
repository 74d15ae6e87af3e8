/** The audit, put together: its key, what seals it, and what proves it. */
import type { Logger } from 'pino'
import { usernameKey } from '../accounts/username.ts'
import type { Pause } from '../audit/trail.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { KeyStore } from '../keys/private-keys.ts'
import type { Database } from '../storage/engine/database.ts'
import { once } from './once.ts'
import type { Faults } from './sources.ts'

interface AuditParts {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly faults: Faults
  readonly pause: Pause
  database(): Promise<Database>
  openKeyStore(): Promise<KeyStore>
}

export function composeAudit(parts: AuditParts) {
  const { config, clock, log, faults, pause, database, openKeyStore } = parts

  const auditKeyChanges = once(async () => {
    const [{ read, write }, privateKeys] = [await database(), await openKeyStore()]
    const { createAuditKeyChanges } = await import('../keys/audit-key-changes.ts')
    return createAuditKeyChanges({ privateKeys, read, write, clock })
  })

  const auditKeys = once(async () => {
    const { auditSeals: seals } = (await database()).read
    const [privateKeys, changes] = [await openKeyStore(), await auditKeyChanges()]
    const { openAuditKeys } = await import('../keys/audit-keys.ts')
    return openAuditKeys({ privateKeys, changes, seals })
  })

  const sealer = once(async () => {
    const [{ read, write }, keys] = [await database(), await auditKeys()]
    const [{ createSealing }, { createSealer }] = await Promise.all([
      import('../audit/sealing.ts'),
      import('../background/sealer.ts'),
    ])
    const sealing = createSealing({ read, write, keys, clock })
    return createSealer({ sealing: faults.sealing?.(sealing) ?? sealing, clock, log })
  })

  const removeOldEvents = once(async () => {
    const [{ read, write }, { createRetention }] = [await database(), await import('../audit/retention.ts')]
    return createRetention({ read, write, clock, retentionSeconds: config.auditRetentionSeconds })
  })

  const auditTrail = once(async () => {
    const { users, clients, audit, auditSeals: seals } = (await database()).read
    const [{ createAuditSearch }, { createAuditTrail }] = await Promise.all([
      import('../audit/search.ts'),
      import('../audit/trail.ts'),
    ])
    const filterOf = createAuditSearch({ users, clients, seals, openKeys: auditKeys, usernameKey, clock })
    return createAuditTrail({ audit, seals, filterOf, clock, pause })
  })

  /** @throws KeyError when the key that seals can't be used */
  const assertAuditKey = async () => {
    const newest = (await (await database()).read.auditSeals.keys()).at(-1)
    const { readAuditKey } = await import('../keys/audit-key.ts')
    // Before the first start there is none.
    if (newest !== undefined) await readAuditKey(await openKeyStore(), newest)
  }

  return { auditKeyChanges, auditKeys, assertAuditKey, auditTrail, sealer, removeOldEvents }
}
