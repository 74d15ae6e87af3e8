/** What operators use beside a service: the part of the composition root that only a few commands need. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/variables.ts'
import type { KeyFiles } from '../keys/key-files.ts'
import type { KeyLifecycle } from '../keys/key-lifecycle.ts'
import { type KeyPolicy, signingSpan } from '../keys/schedule.ts'
import { createDoctor } from '../maintenance/doctor.ts'
import type { RestoreGuard } from '../maintenance/restore.ts'
import type { SessionManagement } from '../oauth/sessions/session-management.ts'
import type { Provenance } from '../records/audit-event.ts'
import { KeyError, type SigningKey } from '../records/signing-key.ts'
import { StorageUnavailable } from '../records/unit-of-work.ts'
import type { Database } from '../storage/engine/database.ts'

/** Each is opened when it is asked for. */
interface Parts {
  database(): Promise<Database>
  keyFiles(): Promise<KeyFiles>
  keyLifecycle(): Promise<KeyLifecycle>
  restoreGuard(): Promise<RestoreGuard>
  sessionManagement(): Promise<SessionManagement>
}

export async function composeKeys(parts: Parts, config: Config, policy: KeyPolicy, clock: Clock) {
  assertDatabaseIsThere(config)
  const { database, keyLifecycle, restoreGuard } = parts
  const [{ read }, lifecycle] = [await database(), await keyLifecycle()]
  return {
    lifecycle,
    policy,
    assertOriginal: async () => (await restoreGuard()).assertOriginal(),
    async countLiveSessions(keys: readonly SigningKey[], kid: string | undefined): Promise<number> {
      const key = keys.find(each => each.kid === kid)
      if (kid !== undefined && key === undefined) return 0
      const { fromMs, untilMs } = key === undefined ? { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER } : signingSpan(key)
      return read.sessions.countLive(fromMs, untilMs, clock.now())
    },
  }
}

/**
 * To open a database makes it when it is missing, which is not wanted of who copies it or looks after it.
 * @throws StorageUnavailable
 */
function assertDatabaseIsThere({ database }: Config): void {
  if (database.kind === 'sqlite' && !existsSync(database.path))
    throw new StorageUnavailable(
      `There is no database at ${resolve(database.path)}. If there should be one, look at SIGNET_DATABASE_URL; if not, signet serve makes it.`,
    )
}

export async function composeBackup({ database }: Parts, config: Config): Promise<(file: string) => Promise<void>> {
  assertDatabaseIsThere(config)
  // Before it is opened: PostgreSQL has tools of its own for this.
  const backup = config.database.kind === 'sqlite' ? (await database()).backup : undefined
  if (backup !== undefined) return backup
  throw new StorageUnavailable('PostgreSQL is backed up with its own tools: pg_dump, or a snapshot of the server.')
}

export async function composeDoctor(parts: Parts, config: Config, clock: Clock) {
  const { database, keyFiles, keyLifecycle, restoreGuard, sessionManagement } = parts
  const openFiles = async () => {
    if (existsSync(config.keysDirectory)) return keyFiles()
    throw new KeyError(`There is no key directory ${resolve(config.keysDirectory)}. Look at SIGNET_KEYS_DIR.`)
  }
  return {
    examine: createDoctor({
      openDatabase: async () => {
        assertDatabaseIsThere(config)
        const { read, integrityProblem } = await database()
        return { signingKeys: read.signingKeys, lastEventAtMs: read.audit.lastEventAtMs, integrityProblem }
      },
      openFiles,
      restoreGuard: async () => {
        assertDatabaseIsThere(config)
        await openFiles()
        return restoreGuard()
      },
      isEncrypted: config.keyEncryptionKey !== undefined,
      clock,
    }),

    /**
     * Nothing that was given out before the restore works after it: sessions end, and the keys that signed tokens of sessions which
     * this copy does not know leave the JWKS. The epoch comes last: what is cut short before has to be accepted again.
     */
    async acceptRestore(by: Provenance) {
      const reason = 'restore_accepted'
      assertDatabaseIsThere(config)
      const [{ write }, guard] = [await database(), await restoreGuard()]
      await guard.assertRestored()
      const sessions = await (await sessionManagement()).end({ all: true }, reason, by)
      await write(stores => stores.statusLists.close(0, clock.now()))
      const keys = await (await keyLifecycle()).revokeAll(reason, by)
      await guard.renew(by)
      return { sessions, keys: keys.length }
    },
  }
}
