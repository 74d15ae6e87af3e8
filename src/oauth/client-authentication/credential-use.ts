/**
 * When a credential was used last, to the hour. In a write of its own: inside that of the grant it would lock the credential after the
 * session, or twice. Nobody waits for it, and one that is lost is made up for by the next use.
 */
import type { Clock } from '../../clock.ts'
import type { Credential } from '../../records/credential.ts'
import type { Write } from '../../records/unit-of-work.ts'

const EVERY_MS = 3_600_000
const MOST_KEPT = 10_000

export type RecordUse = (credential: Pick<Credential, 'id' | 'lastUsedAtMs'>, address: string | null) => void

export function createCredentialUse({ write, clock }: { readonly write: Write; readonly clock: Clock }): RecordUse {
  /** What this process has written: a client's secrets are kept in memory as they were when they were read. */
  const written = new Map<string, number>()

  return ({ id, lastUsedAtMs }, address) => {
    const nowMs = clock.now()
    // What lies ahead was written before the clock was set back.
    const last = Math.max(0, ...[lastUsedAtMs ?? 0, written.get(id) ?? 0].filter(atMs => atMs <= nowMs))
    if (nowMs - last < EVERY_MS) return
    if (written.size >= MOST_KEPT) written.clear()
    written.set(id, nowMs)
    write(stores => stores.credentials.setLastUsed(id, nowMs, address), 'one statement').catch(() => written.delete(id))
  }
}
