/**
 * Revokes every credential: after a restore nobody knows which of them were removed since the backup. It goes through them once, in the
 * order of their ids, and may be cut short and begun again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { Provenance } from '../records/audit-event.ts'
import { isClient } from '../records/client.ts'
import type { CredentialCounts } from '../records/credential.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'

/** With each go its owner and an event: less than the 200 rows that one write may change. */
const BATCH = 60

const eventTypes = {
  client_secret: 'client.remove_secret',
  client_key: 'client.remove_key',
  client_trust: 'client.remove_trust',
  api_key: 'api_key.revoke',
} as const

/** @returns how many were revoked */
export type DropCredentials = (reason: string, by: Provenance) => Promise<CredentialCounts>

export function createCredentialDrop({
  write,
  clock,
}: {
  readonly write: Write
  readonly clock: Clock
}): DropCredentials {
  async function dropSome(stores: Stores, afterId: string, reason: string, provenance: Provenance) {
    const page = await stores.credentials.listLive(clock.now(), afterId, BATCH)
    // Clients before credentials: the order of locks.
    const clientIds = new Set(page.map(({ ownerId }) => ownerId).filter(isClient))
    for (const id of [...clientIds].sort()) await stores.clients.raiseRevision(id)
    const asked = page.map(({ id }) => id)
    const ids = new Set(await stores.credentials.revokeSome(asked, clock.now()))
    const revoked = page.filter(({ id }) => ids.has(id))
    for (const { kind, id, ownerId } of revoked)
      await stores.audit.append({
        ...{ type: eventTypes[kind], outcome: 'success', reason, target: id, provenance },
        ...(isClient(ownerId) ? { clientId: ownerId } : { userId: ownerId }),
      })
    return { revoked, next: page.at(-1)?.id }
  }

  return async (reason, by) => {
    const counts = { client_secret: 0, client_key: 0, client_trust: 0, api_key: 0 }
    for (let afterId: string | undefined = ''; afterId !== undefined; await nextTurn()) {
      const from: string = afterId
      const some = await write(stores => dropSome(stores, from, reason, by))
      for (const { kind } of some.revoked) counts[kind] += 1
      afterId = some.next
    }
    return counts
  }
}
