/** Whether clients say where people are that were set up to say it. */
import type { Clock } from '../clock.ts'
import type { AuditReader, ListedAuditEvent } from '../records/audit-event.ts'
import type { SigningInClient } from '../records/client.ts'

/** What is older was perhaps mended since. */
const DAY_MS = 24 * 60 * 60_000
/** Sign-ins of a client that are looked at. */
const MOST = 100
/** Events through which they are looked for. */
const LOOK = 1000

/** By the text: somebody may have altered it. */
const isForwarded = ({ details }: ListedAuditEvent): boolean => details?.includes('"forwarded_by":') ?? false

/** What to mend; undefined when there is nothing. */
export async function forwardedAddresses(
  clients: readonly SigningInClient[],
  audit: Pick<AuditReader, 'page'>,
  clock: Clock,
): Promise<string | undefined> {
  /** What is from before its settings were changed was not asked for. */
  async function told({ id, clientId, forwardsAddress }: SigningInClient): Promise<string[]> {
    const client = { ids: [id], nameHash: undefined }
    const latest = await audit.page({ client, types: ['client.add', 'client.update'] }, undefined, 1, LOOK)
    const sinceMs = Math.max(latest.events[0]?.occurredAtMs ?? 0, clock.now() - DAY_MS)
    const { events } = await audit.page({ client, types: ['user.sign_in'], sinceMs }, undefined, MOST, LOOK)
    const without = events.filter(event => !isForwarded(event)).length
    if (without === 0) return []
    return [
      `Of the last ${events.length} sign-ins through ${clientId}, ${without} came without one address in ${forwardsAddress}: they count and are shown as from the client's own address. docs/accounts.md#forwarded-addresses`,
    ]
  }
  const lines: string[] = []
  for (const client of clients) if (client.forwardsAddress !== null) lines.push(...(await told(client)))
  return lines.length === 0 ? undefined : lines.join(' ')
}
