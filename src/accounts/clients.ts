import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import { CLIENT_ID_PREFIX, type ClientReader, type ClientSettings, type RegisteredClient } from '../records/client.ts'
import type { Credential } from '../records/credential.ts'
import { isActive, type Status } from '../records/standing.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import { revokeKeysOf } from './api-keys.ts'
import { afterCascades, type Cascades } from './cascades.ts'
import { createClientSecrets, findClient, type NewSecret, type WithSecret } from './client-secrets.ts'
import { AccountError, assertNoProblem, clientIdProblem, notFound, settingsProblem, valuesProblem } from './rules.ts'

export interface NewClient extends ClientSettings {
  readonly clientId: string
  readonly isPublic: boolean
  /** Undefined: one is made, unless the client is public. */
  readonly secret: string | undefined
}

/** Every act throws an AccountError when it is refused. */
export interface Clients {
  add(client: NewClient, by: Provenance): Promise<WithSecret>
  list(): Promise<readonly RegisteredClient[]>
  find(clientId: string): Promise<RegisteredClient>
  /** Replaces what is given and keeps the rest. */
  update(clientId: string, change: Partial<ClientSettings>, by: Provenance): Promise<RegisteredClient>
  /** `disabled` and `deleted` end the client's sessions; what has ended stays so when it is enabled, or added, again. */
  setStatus(clientId: string, status: Status, by: Provenance): Promise<RegisteredClient>
  addSecret(clientId: string, secret: NewSecret, by: Provenance): Promise<WithSecret>
  removeSecret(clientId: string, secretId: string, by: Provenance): Promise<RegisteredClient>
}

const statusEvents = { active: 'client.enable', disabled: 'client.disable', deleted: 'client.delete' } as const

const distinct = (settings: ClientSettings): ClientSettings => ({
  grants: [...new Set(settings.grants)],
  scope: [...new Set(settings.scope)],
  audiences: [...new Set(settings.audiences)],
  origins: [...new Set(settings.origins)].sort(),
  introspect: [...new Set(settings.introspect)],
  accessTokenTtlSeconds: settings.accessTokenTtlSeconds,
  grantsPerMinute: settings.grantsPerMinute,
  mayGrant: [...new Set(settings.mayGrant)],
})

/** Whether something that live tokens may carry is taken away. What `*` gives to users, it does not give to the client itself. */
const isNarrower = (before: ClientSettings, after: ClientSettings): boolean =>
  before.scope.some(permission => !after.scope.includes(permission)) ||
  before.audiences.some(audience => !after.audiences.includes(audience)) ||
  before.grants.some(grant => !after.grants.includes(grant))

export function createClients(dependencies: {
  readonly clients: ClientReader
  readonly write: Write
  readonly cascades: Cascades
  readonly clock: Clock
  readonly randomness: Randomness
}): Clients {
  const { clients, write, cascades, clock, randomness } = dependencies
  const secrets = createClientSecrets(dependencies)

  function newClient(asked: NewClient, secrets: readonly Credential[]): RegisteredClient {
    assertNoProblem(clientIdProblem(asked.clientId))
    assertNoProblem(valuesProblem(asked) ?? settingsProblem(asked))
    if (asked.isPublic && asked.secret !== undefined)
      throw new AccountError('invalid', 'A public client has no secret.')
    const id = randomId(randomness, CLIENT_ID_PREFIX)
    const { clientId, isPublic } = asked
    return {
      ...distinct(asked),
      ...{ id, clientId, isPublic, secrets, createdAtMs: clock.now() },
      ...{ status: 'active', revision: 0 },
    }
  }

  const setStatus = async (stores: Stores, clientId: string, status: Status, by: Provenance) => {
    const client = await findClient(stores.clients, clientId)
    await stores.clients.setStatus(client.id, status)
    const event = { type: statusEvents[status], outcome: 'success', clientId: client.id } as const
    await stores.audit.append({ ...event, provenance: by })
    return { ...client, status }
  }

  /** What is deleted never comes back: the janitor removes them some day. */
  async function revokeCredentials(stores: Stores, { id, secrets }: RegisteredClient, by: Provenance): Promise<void> {
    const ids = secrets.map(secret => secret.id)
    for (const target of await stores.credentials.revokeSome(ids, clock.now())) {
      const event = { type: 'client.remove_secret', outcome: 'success', reason: 'client_deleted' } as const
      await stores.audit.append({ ...event, clientId: id, target, provenance: by })
    }
    await revokeKeysOf(stores, id, clock.now(), 'client_deleted', by)
  }

  /**
   * The client's API keys go through other clients, too: those rows are for writes of their own, so that all are locked in one order. Its
   * own rows are not among them: what they have got since the act is good.
   */
  async function recordForOwnKeys(stores: Stores, change: 'end' | 'take', id: string, reason: string, by: Provenance) {
    const filter = { subjectId: id, exceptClientId: id }
    if (await stores.sessions.hasOpen(filter, '')) await cascades.record(stores, change, filter, reason, by)
  }

  /** Those of this `client_id` that were deleted may have sessions that are still to end. */
  async function finishPredecessors(clientId: string): Promise<void> {
    const ids = await write(stores => stores.clients.idsOf(clientId))
    for (const id of ids) await cascades.finish({ clientId: id, subjectId: id })
  }

  return {
    async add(asked, by) {
      const made = asked.isPublic
        ? undefined
        : secrets.make({ name: undefined, secret: asked.secret, ttlSeconds: undefined })
      const client = newClient(asked, made === undefined ? [] : [made.stored])
      await finishPredecessors(asked.clientId)
      await write(async stores => {
        const isNew = await stores.clients.insert(client)
        if (!isNew) throw new AccountError('already_exists', 'There is a client with this id already.')
        if (made !== undefined) await stores.credentials.insert(client.id, 'client_secret', made.stored)
        const target = made === undefined ? {} : { target: made.stored.id }
        await stores.audit.append({
          ...{ type: 'client.add', outcome: 'success', clientId: client.id, ...target, provenance: by },
        })
      })
      return { client, secretId: made?.stored.id, generatedSecret: made?.generated }
    },

    list: () => clients.list(),

    find: clientId => findClient(clients, clientId),

    async update(clientId, change, by) {
      const client = await write(async stores => {
        const before = await findClient(stores.clients, clientId)
        const { id, isPublic } = before
        // What is from before there was a rule must not be in the way of a change. This right is of no use to a public client.
        const settings = distinct({ ...before, ...(isPublic && { introspect: [] }), ...change })
        assertNoProblem(valuesProblem(change) ?? settingsProblem({ ...settings, isPublic }))
        await stores.clients.update(id, settings)
        await stores.audit.append({ type: 'client.update', outcome: 'success', clientId: id, provenance: by })
        if (isNarrower(before, settings)) {
          await cascades.take(stores, { clientId: id }, 'client_narrowed', by)
          await recordForOwnKeys(stores, 'take', id, 'client_narrowed', by)
        }
        return { ...before, ...settings }
      })
      await cascades.finish({ clientId: client.id, subjectId: client.id })
      return client
    },

    async setStatus(clientId, status, by) {
      const { id } = await findClient(clients, clientId)
      const concern = { clientId: id, subjectId: id }
      const set = async (stores: Stores) => {
        const client = await setStatus(stores, clientId, status, by)
        if (client.id !== id) throw notFound('client')
        return client
      }
      if (isActive(status)) return afterCascades(cascades, write, concern, set)
      const client = await write(async stores => {
        const changed = await set(stores)
        if (status === 'deleted') await revokeCredentials(stores, changed, by)
        await cascades.end(stores, { clientId: id }, `client_${status}`, by)
        await recordForOwnKeys(stores, 'end', id, `client_${status}`, by)
        return changed
      })
      await cascades.finish(concern)
      return client
    },

    addSecret: secrets.add,
    removeSecret: secrets.remove,
  }
}
