/** Clients as they were read, kept under their revision: a request reads two columns, and parses nothing. */
import type { Client, ClientReader } from '../../records/client.ts'

/** Answers the client with this `client_id` that is not deleted. */
export type FindClient = (clientId: string) => Promise<Client | undefined>

const MOST_KEPT = 1000

export function createKnownClients(clients: Pick<ClientReader, 'revisionOf' | 'findByClientId'>): FindClient {
  const known = new Map<string, Client>()

  function keep(client: Client): void {
    if (known.size >= MOST_KEPT) known.clear()
    known.set(client.clientId, client)
  }

  return async clientId => {
    const now = await clients.revisionOf(clientId)
    const kept = known.get(clientId)
    if (now !== undefined && kept?.id === now.id && kept.revision === now.revision) return kept
    const read = await clients.findByClientId(clientId)
    if (read !== undefined) keep(read)
    return read
  }
}
