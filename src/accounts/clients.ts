import type { Clock } from '../clock.ts'
import type { Randomness } from '../randomness.ts'
import type { ClientFilter, ClientReader, RegisteredClient } from '../records/client.ts'
import { isActive, type Status } from '../records/standing.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import type { By } from './authority.ts'
import { type Cascades, onceOver } from './cascades.ts'
import { type ClientChange, createClientChanges, finishPredecessors, type NewClient } from './client-changes.ts'
import { createClientSecrets, findClient, type NewSecret, type WithSecret } from './client-secrets.ts'
import { notFound } from './rules.ts'

/** Every act throws an AccountError when it is refused. */
export interface Clients {
  add(client: NewClient, by: By<RegisteredClient>): Promise<WithSecret>
  list(filter?: ClientFilter): Promise<readonly RegisteredClient[]>
  find(clientId: string): Promise<RegisteredClient>
  /**
   * Replaces what is given and keeps the rest. `disabled` and `deleted` end the client's sessions; what has ended stays so when it is
   * enabled, or added, again.
   */
  update(clientId: string, change: ClientChange, by: By<RegisteredClient>): Promise<RegisteredClient>
  /** The same for the status alone. */
  setStatus(clientId: string, status: Status, by: By<RegisteredClient>): Promise<RegisteredClient>
  addSecret(clientId: string, secret: NewSecret, by: By<RegisteredClient>): Promise<WithSecret>
  removeSecret(clientId: string, secretId: string, by: By<RegisteredClient>): Promise<RegisteredClient>
}

export function createClients(dependencies: {
  readonly clients: ClientReader
  readonly write: Write
  readonly cascades: Cascades
  readonly clock: Clock
  readonly randomness: Randomness
}): Clients {
  const { clients, write, cascades } = dependencies
  const secrets = createClientSecrets(dependencies)
  const changes = createClientChanges(dependencies)

  async function update(clientId: string, change: ClientChange, by: By<RegisteredClient>): Promise<RegisteredClient> {
    const { id } = await findClient(clients, clientId)
    const concern = { clientId: id, subjectId: id }
    const isGivenBack = change.status !== undefined && isActive(change.status)
    const act = async (stores: Stores, assertOver?: () => Promise<void>) => {
      const before = await findClient(stores.clients, clientId)
      if (before.id !== id) throw notFound('client')
      if (!isActive(before.status)) await assertOver?.()
      return changes.update(stores, before, change, by)
    }
    const client = await (isGivenBack ? onceOver(cascades, write, [concern], act) : write(stores => act(stores)))
    await cascades.finish(concern)
    return client
  }

  return {
    async add(asked, by) {
      const { client, secret } = changes.prepare(asked)
      await finishPredecessors(dependencies, [asked.clientId])
      await write(stores => changes.add(stores, { client, secret }, by))
      return { client, secretId: secret?.stored.id, generatedSecret: secret?.generated }
    },

    list: filter => clients.list(filter),

    find: clientId => findClient(clients, clientId),

    update,

    setStatus: (clientId, status, by) => update(clientId, { status }, by),

    addSecret: secrets.add,
    removeSecret: secrets.remove,
  }
}
