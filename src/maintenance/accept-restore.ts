/**
 * What an operator does after a backup was put back. Nothing that was given out before works afterwards: sessions end, no list hands
 * out an index that the original may have given to somebody else, and the keys that signed tokens of sessions which this copy does
 * not know leave the JWKS. Client secrets and API keys that were removed since are good again in the copy: whether all go, the operator
 * says. Password tickets always go: one that was redeemed since would be good once more. The epoch comes last: what is cut short before
 * has to be accepted again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AuditKeyChanges } from '../keys/audit-key-changes.ts'
import type { KeyLifecycle } from '../keys/key-lifecycle.ts'
import type { SessionManagement } from '../oauth/sessions/session-management.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { ClientReader } from '../records/client.ts'
import type { CredentialCounts } from '../records/credential.ts'
import type { Write } from '../records/unit-of-work.ts'
import type { DropCredentials } from './drop-credentials.ts'
import type { RestoreGuard } from './restore.ts'

const REASON = 'restore_accepted'

/** Rows that one write removes. */
const BATCH = 200

/** What becomes of client secrets and API keys, of which nobody knows which were removed since the backup. */
export type CredentialChoice = 'keep' | 'drop'

/** How many sessions and signing keys were ended. */
export interface AcceptedRestore {
  readonly sessions: number
  readonly keys: number
  /** How many were revoked; undefined when they were kept. */
  readonly dropped: CredentialCounts | undefined
}

/** In the audit. */
const outcomes = { keep: 'credentials_kept', drop: 'credentials_dropped' } as const

/** @throws KeyError when there is nothing to accept */
export function createRestoreAcceptance(dependencies: {
  readonly restoreGuard: RestoreGuard
  readonly clients: Pick<ClientReader, 'allIds'>
  readonly sessionManagement: SessionManagement
  readonly keyLifecycle: KeyLifecycle
  /** The key that the copy knows may have been replaced since, or its private half lost. */
  readonly auditKeyChanges: Pick<AuditKeyChanges, 'replaceLost'>
  readonly dropCredentials: DropCredentials
  readonly write: Write
}): (choice: CredentialChoice, by: Provenance) => Promise<AcceptedRestore> {
  const { restoreGuard, clients, sessionManagement, keyLifecycle, auditKeyChanges, dropCredentials, write } =
    dependencies

  async function removeTickets(): Promise<void> {
    while ((await write(stores => stores.passwordTickets.removeSome(BATCH))) > 0) await nextTurn()
  }

  return async (choice, by) => {
    await restoreGuard.assertRestored()
    let sessions = 0
    for (const id of await clients.allIds()) sessions += await sessionManagement.end({ clientId: id }, REASON, by)
    await removeTickets()
    await write(stores => stores.statusLists.closeOpen())
    const keys = await keyLifecycle.revokeAll(REASON, by)
    await auditKeyChanges.replaceLost(REASON, by)
    const dropped = choice === 'drop' ? await dropCredentials(REASON, by) : undefined
    await restoreGuard.renew(outcomes[choice], by)
    return { sessions, keys: keys.length, dropped }
  }
}
