/** What somebody should know who is to accept a restore: what would end, and how old the copy is. Nothing is changed. */
import type { Clock } from '../clock.ts'
import { isPublished } from '../keys/schedule.ts'
import type { CredentialCounts, LiveCredential } from '../records/credential.ts'
import { MOST_COUNTED } from '../records/limits.ts'
import type { Readers } from '../records/unit-of-work.ts'
import type { RestoreGuard } from './restore.ts'

/** Of the newest credentials. */
const MOST_LISTED = 10

export interface AtStake {
  /** Why there is something to accept. */
  readonly problem: string
  /** Undefined when `signet backup` did not make the copy, or it was the key directory that was put back. */
  readonly backedUpAtMs: number | undefined
  /** When the newest audit event of the copy was written: what was done later is not in it. */
  readonly lastEventAtMs: number | undefined
  /** Those that end; MOST_COUNTED stands for so many or more. */
  readonly sessions: number
  readonly keys: number
  /** Those that would be revoked, if that is decided. */
  readonly credentials: CredentialCounts
  readonly newest: readonly LiveCredential[]
}

/** @throws KeyError when there is nothing to accept */
export function createStakes(dependencies: {
  readonly restoreGuard: RestoreGuard
  readonly read: Pick<Readers, 'instance' | 'audit' | 'sessions' | 'signingKeys' | 'credentials'>
  readonly clock: Clock
}): () => Promise<AtStake> {
  const { restoreGuard, read, clock } = dependencies
  return async () => {
    await restoreGuard.assertRestored()
    const nowMs = clock.now()
    return {
      problem: (await restoreGuard.problem()) ?? '',
      backedUpAtMs: (await read.instance.find())?.backedUpAtMs ?? undefined,
      lastEventAtMs: await read.audit.lastEventAtMs(),
      sessions: await read.sessions.countOpen(MOST_COUNTED),
      keys: (await read.signingKeys.list()).filter(isPublished).length,
      credentials: await read.credentials.countLive(nowMs),
      newest: await read.credentials.listNewest(nowMs, MOST_LISTED),
    }
  }
}
