import type { Clock } from '../clock.ts'
import type { Randomness } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { ClientFilter, ClientReader, RegisteredClient } from '../records/client.ts'
import type { ClientKey, ClientKeySource } from '../records/client-key.ts'
import type { ClientTrust, Condition } from '../records/client-trust.ts'
import type { RoleReader } from '../records/role.ts'
import { isActive, type Status } from '../records/standing.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import type { By } from './authority.ts'
import { type Cascades, onceOver } from './cascades.ts'
import {
  assertRolesExist,
  type ClientChange,
  clientIdIsTaken,
  createClientChanges,
  finishPredecessors,
  type NewClient,
} from './client-changes.ts'
import { createClientKeys } from './client-keys.ts'
import { createClientSecrets, findClient, type NewSecret, type WithSecret } from './client-secrets.ts'
import { createClientTrusts } from './client-trusts.ts'
import { notFound } from './rules.ts'
import { findIssuer } from './trusted-issuers.ts'

/** A client with what was added to it. */
interface With<Credential> {
  readonly client: RegisteredClient
  readonly added: Credential
}

/** Every act throws an AccountError when it is refused. */
export interface Clients {
  add(client: NewClient, by: By<RegisteredClient>): Promise<WithSecret>
  /** Whatever can be known before its secret is there. */
  assertMayBeAdded(client: Omit<NewClient, 'secret'>): Promise<void>
  list(filter?: ClientFilter): Promise<readonly RegisteredClient[]>
  find(clientId: string): Promise<RegisteredClient>
  /**
   * Replaces what is given and keeps the rest. `disabled` and `deleted` end the client's sessions; what has ended stays so when it is
   * enabled, or added, again.
   */
  update(clientId: string, change: ClientChange, by: By<RegisteredClient>): Promise<RegisteredClient>
  /** The same for the status alone. */
  setStatus(clientId: string, status: Status, by: By<RegisteredClient>): Promise<RegisteredClient>
  /** Whatever can be known before the secret is there. */
  assertMayAddSecret(clientId: string, secret: Omit<NewSecret, 'secret'>): Promise<void>
  addSecret(clientId: string, secret: NewSecret, by: By<RegisteredClient>): Promise<WithSecret>
  removeSecret(clientId: string, secretId: string, by: By<RegisteredClient>): Promise<RegisteredClient>
  addKey(clientId: string, source: ClientKeySource, by: Provenance): Promise<With<ClientKey>>
  removeKey(clientId: string, keyId: string, by: Provenance): Promise<RegisteredClient>
  /** @param issuerName of a trusted issuer */
  addTrust(
    clientId: string,
    issuerName: string,
    conditions: readonly Condition[],
    by: Provenance,
  ): Promise<With<ClientTrust>>
  removeTrust(clientId: string, trustId: string, by: Provenance): Promise<RegisteredClient>
}

export function createClients(dependencies: {
  readonly clients: ClientReader
  readonly roles: Pick<RoleReader, 'find'>
  readonly write: Write
  readonly cascades: Cascades
  readonly clock: Clock
  readonly randomness: Randomness
  /** What is wrong with a URI to fetch from. */
  readonly uriProblem: (uri: string) => string | undefined
}): Clients {
  const { clients, roles, write, cascades } = dependencies
  const secrets = createClientSecrets(dependencies)
  const changes = createClientChanges(dependencies)
  const keys = createClientKeys(dependencies)
  const trusts = createClientTrusts(dependencies)

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

    async assertMayBeAdded(asked) {
      changes.prepare({ ...asked, secret: undefined })
      if ((await clients.find(asked.clientId)) !== undefined) throw clientIdIsTaken()
      await assertRolesExist({ roles }, asked.mayGrant)
    },

    list: filter => clients.list(filter),

    find: clientId => findClient(clients, clientId),

    update,

    setStatus: (clientId, status, by) => update(clientId, { status }, by),

    assertMayAddSecret: secrets.assertMayBeAdded,
    addSecret: secrets.add,
    removeSecret: secrets.remove,

    addKey: (clientId, source, by) =>
      write(async stores => {
        const client = await findClient(stores.clients, clientId)
        const added = await keys.add(stores, client, source, by)
        return { client: { ...client, keys: [...client.keys, added] }, added }
      }),

    removeKey: (clientId, keyId, by) =>
      write(async stores => {
        const client = await findClient(stores.clients, clientId)
        await keys.remove(stores, client, keyId, by)
        return { ...client, keys: client.keys.filter(({ id }) => id !== keyId) }
      }),

    addTrust: (clientId, issuerName, conditions, by) =>
      write(async stores => {
        // Locked, so that it is not on its way out; before the client, as every act locks.
        const { id } = await findIssuer(stores.trustedIssuers, issuerName)
        await stores.trustedIssuers.lockShared(id)
        const [issuer] = await stores.trustedIssuers.findSome([id])
        if (issuer === undefined) throw notFound('issuer')
        const client = await findClient(stores.clients, clientId)
        const added = await trusts.add(stores, client, issuer, conditions, by)
        return { client: { ...client, trusts: [...client.trusts, added] }, added }
      }),

    removeTrust: (clientId, trustId, by) =>
      write(async stores => {
        const client = await findClient(stores.clients, clientId)
        await trusts.remove(stores, client, trustId, by)
        return { ...client, trusts: client.trusts.filter(({ id }) => id !== trustId) }
      }),
  }
}
