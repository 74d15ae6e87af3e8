import { hash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { ClientReader, ClientSecret, ClientSettings, RegisteredClient } from '../records/client.ts'
import type { SessionFilter } from '../records/session.ts'
import { isActive, type Status } from '../records/standing.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import {
  AccountError,
  assertNoProblem,
  clientIdProblem,
  clientSecretProblem,
  notFound,
  secretTtlProblem,
  settingsProblem,
} from './rules.ts'

export interface NewClient extends ClientSettings {
  readonly clientId: string
  readonly isPublic: boolean
  /** Undefined: one is made, unless the client is public. */
  readonly secret: string | undefined
}

/** A secret that was made here is told once, in the answer of the act that made it. */
export interface WithSecret {
  readonly client: RegisteredClient
  readonly secretId: string | undefined
  readonly generatedSecret: string | undefined
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

export interface NewSecret {
  readonly name: string | undefined
  /** Undefined: one is made. */
  readonly secret: string | undefined
  readonly ttlSeconds: number | undefined
}

/** Ends sessions inside a write, as many as one write should. */
export type EndSomeSessions = (
  stores: Stores,
  filter: SessionFilter,
  reason: string,
  by: Provenance,
) => Promise<{ readonly mayBeMore: boolean }>

const statusEvents = { active: 'client.enable', disabled: 'client.disable', deleted: 'client.delete' } as const

const find = async (reader: ClientReader, clientId: string): Promise<RegisteredClient> => {
  const client = await reader.find(clientId)
  if (client === undefined) throw notFound('client')
  return client
}

const distinct = (settings: ClientSettings): ClientSettings => ({
  grants: [...new Set(settings.grants)],
  scope: [...new Set(settings.scope)],
  audiences: [...new Set(settings.audiences)],
  origins: [...new Set(settings.origins)].sort(),
  introspect: [...new Set(settings.introspect)],
  accessTokenTtlSeconds: settings.accessTokenTtlSeconds,
})

export function createClients(dependencies: {
  readonly clients: ClientReader
  readonly write: Write
  readonly endSessions: EndSomeSessions
  readonly clock: Clock
  readonly randomness: Randomness
}): Clients {
  const { clients, write, endSessions, clock, randomness } = dependencies

  function makeSecret({ name, secret, ttlSeconds }: NewSecret): {
    stored: ClientSecret
    generated: string | undefined
  } {
    const value = secret ?? randomness.bytes(32).toString('base64url')
    assertNoProblem(clientSecretProblem(value))
    assertNoProblem(secretTtlProblem(ttlSeconds))
    const createdAtMs = clock.now()
    const stored: ClientSecret = {
      id: randomId(randomness, 'secret'),
      name: name ?? null,
      hash: hash('sha256', value, 'base64url'),
      createdAtMs,
      expiresAtMs: ttlSeconds === undefined ? null : createdAtMs + ttlSeconds * 1000,
    }
    return { stored, generated: secret === undefined ? value : undefined }
  }

  function newClient(asked: NewClient, secrets: readonly ClientSecret[]): RegisteredClient {
    assertNoProblem(clientIdProblem(asked.clientId))
    assertNoProblem(settingsProblem(asked))
    if (asked.isPublic && asked.secret !== undefined)
      throw new AccountError('invalid', 'A public client has no secret.')
    const id = randomId(randomness, 'client')
    const { clientId, isPublic } = asked
    return { ...distinct(asked), id, clientId, status: 'active', isPublic, secrets, createdAtMs: clock.now() }
  }

  /** In writes of their own, so that nobody waits long however many sessions there are. */
  async function endOneAfterTheOther(work: (stores: Stores) => Promise<boolean>): Promise<void> {
    while (await write(work));
  }

  const endSome = async (stores: Stores, clientId: string, status: Status, by: Provenance): Promise<boolean> =>
    (await endSessions(stores, { clientId }, `client_${status}`, by)).mayBeMore

  async function endLeftOver(stores: Stores, clientId: string, by: Provenance): Promise<boolean> {
    const { id, status } = await find(stores.clients, clientId)
    return !isActive(status) && endSome(stores, id, status, by)
  }

  return {
    async add(asked, by) {
      const made = asked.isPublic
        ? undefined
        : makeSecret({ name: undefined, secret: asked.secret, ttlSeconds: undefined })
      const client = newClient(asked, made === undefined ? [] : [made.stored])
      await write(async stores => {
        const isNew = await stores.clients.insert(client)
        if (!isNew) throw new AccountError('already_exists', 'There is a client with this id already.')
        await stores.audit.append({ type: 'client.add', outcome: 'success', clientId: client.id, provenance: by })
      })
      return { client, secretId: made?.stored.id, generatedSecret: made?.generated }
    },

    list: () => clients.list(),

    find: clientId => find(clients, clientId),

    update: (clientId, change, by) =>
      write(async stores => {
        const client = await find(stores.clients, clientId)
        const settings = distinct({ ...client, ...change })
        assertNoProblem(settingsProblem(settings))
        await stores.clients.update(client.id, settings)
        await stores.audit.append({ type: 'client.update', outcome: 'success', clientId: client.id, provenance: by })
        return { ...client, ...settings }
      }),

    async setStatus(clientId, status, by) {
      // What a disabling that was cut short has left over ends before the client works again.
      if (isActive(status)) await endOneAfterTheOther(stores => endLeftOver(stores, clientId, by))
      const { client, more } = await write(async stores => {
        const client = await find(stores.clients, clientId)
        await stores.clients.setStatus(client.id, status)
        const event = { type: statusEvents[status], outcome: 'success', clientId: client.id } as const
        await stores.audit.append({ ...event, provenance: by })
        const more = !isActive(status) && (await endSome(stores, client.id, status, by))
        return { client, more }
      })
      // The gate refuses all of them already.
      if (more)
        await endOneAfterTheOther(async stores => {
          const now = await stores.clients.find(clientId)
          // Somebody enabled it meanwhile, and what was left over has ended.
          const isBack = now?.id === client.id && isActive(now.status)
          return !isBack && endSome(stores, client.id, status, by)
        })
      return { ...client, status }
    },

    async addSecret(clientId, asked, by) {
      const { stored, generated } = makeSecret(asked)
      return write(async stores => {
        const client = await find(stores.clients, clientId)
        if (client.isPublic) throw new AccountError('invalid', 'A public client has no secret.')
        const secrets = [...client.secrets, stored]
        await stores.clients.setSecrets(client.id, secrets)
        await stores.audit.append({
          type: 'client.add_secret',
          outcome: 'success',
          clientId: client.id,
          target: stored.id,
          provenance: by,
        })
        return { client: { ...client, secrets }, secretId: stored.id, generatedSecret: generated }
      })
    },

    removeSecret: (clientId, secretId, by) =>
      write(async stores => {
        const client = await find(stores.clients, clientId)
        const secrets = client.secrets.filter(({ id }) => id !== secretId)
        if (secrets.length === client.secrets.length) throw notFound('secret of this client')
        await stores.clients.setSecrets(client.id, secrets)
        await stores.audit.append({
          type: 'client.remove_secret',
          outcome: 'success',
          clientId: client.id,
          target: secretId,
          provenance: by,
        })
        return { ...client, secrets }
      }),
  }
}
