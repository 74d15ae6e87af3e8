/** What adding and changing a client does inside a write: of the act itself, or of one that makes many. */
import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { AuditEventType, Provenance } from '../records/audit-event.ts'
import {
  CLIENT_ID_PREFIX,
  type ClientSettings,
  type GrantLimitsChange,
  type RegisteredClient,
} from '../records/client.ts'
import type { RoleReader } from '../records/role.ts'
import { isActive, type Status } from '../records/standing.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import { revokeKeysOf } from './api-keys.ts'
import { assertMayChangeClient, assertMayGiveUse, type By } from './authority.ts'
import type { Cascades } from './cascades.ts'
import { clientIdProblem, clientProblems, grantLimitsAfter, grantLimitsProblems } from './client-rules.ts'
import { type MadeSecret, makeSecret } from './client-secrets.ts'
import { AccountError, assertNoProblems } from './rules.ts'

type Settings = Omit<ClientSettings, 'grantsPerMinute'> & { readonly grantsPerMinute: GrantLimitsChange | null }

export interface NewClient extends Settings {
  readonly clientId: string
  readonly isPublic: boolean
  /** Undefined: one is made, unless the client is public. Null: it has none, and proves who it is in another way. */
  readonly secret: string | null | undefined
}

/** What is not given stays. */
export interface ClientChange extends Partial<Settings> {
  readonly status?: Status
}

/** Judged, and not stored yet. */
export interface PreparedClient {
  readonly client: RegisteredClient
  /** Undefined when it has none. */
  readonly secret: MadeSecret | undefined
}

/** Every act throws an AccountError when it is refused. */
export interface ClientChanges {
  /** Outside of a write. @throws AccountError */
  prepare(asked: NewClient): PreparedClient
  /** Inside a write. */
  add(stores: Stores, prepared: PreparedClient, by: By<RegisteredClient>): Promise<void>
  /**
   * Inside a write that has locked the client. `disabled` and `deleted` end its sessions; whoever enables one has finished the cascades
   * over it before.
   */
  update(
    stores: Stores,
    before: RegisteredClient,
    change: ClientChange,
    by: By<RegisteredClient>,
  ): Promise<RegisteredClient>
}

export const clientIdIsTaken = (): AccountError =>
  new AccountError('already_exists', 'There is a client with this id already.')

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
  forwardsAddress: settings.forwardsAddress,
})

/** What live tokens may carry and is taken away. What `*` gives to users, it does not give to the client itself. */
export const takenBy = (before: ClientSettings, after: ClientSettings): readonly string[] =>
  (['grants', 'scope', 'audiences'] as const).flatMap(setting => {
    const kept: readonly string[] = after[setting]
    return before[setting].filter(each => !kept.includes(each))
  })

export const isNarrower = (before: ClientSettings, after: ClientSettings): boolean => takenBy(before, after).length > 0

/** What is from before there was a rule must not be in the way of a change. This right is of no use to a public client. */
const settingsAfter = (before: RegisteredClient, change: Partial<Settings>): ClientSettings =>
  distinct({
    ...before,
    ...(before.isPublic && { introspect: [] }),
    ...change,
    grantsPerMinute:
      change.grantsPerMinute === undefined
        ? before.grantsPerMinute
        : grantLimitsAfter(before.grantsPerMinute, change.grantsPerMinute),
  })

/** Locked, so that none of them is on its way out; in one order, after the client. */
export async function assertRolesExist(
  stores: { readonly roles: Pick<RoleReader, 'find'> },
  names: readonly string[],
): Promise<void> {
  for (const name of names.toSorted())
    if ((await stores.roles.find(name)) === undefined) {
      const message = 'There is no such role to grant.'
      throw new AccountError('not_found', message, { problems: [{ field: 'may_grant', message }] })
    }
}

/** @param cascades `recordingOnly` in a write that makes many changes */
export function createClientChanges(dependencies: {
  readonly cascades: Pick<Cascades, 'end' | 'take' | 'record'>
  readonly clock: Clock
  readonly randomness: Randomness
}): ClientChanges {
  const { cascades, clock, randomness } = dependencies

  /** What is deleted never comes back: the janitor removes them some day. */
  async function revokeCredentials(stores: Stores, client: RegisteredClient, by: Provenance): Promise<void> {
    const { id, secrets, keys, trusts } = client
    const types = new Map<string, AuditEventType>([
      ...secrets.map(secret => [secret.id, 'client.remove_secret'] as const),
      ...keys.map(key => [key.id, 'client.remove_key'] as const),
      ...trusts.map(trust => [trust.id, 'client.remove_trust'] as const),
    ])
    for (const target of await stores.credentials.revokeSome([...types.keys()], clock.now())) {
      const event = { outcome: 'success', reason: 'client_deleted', clientId: id, target, provenance: by } as const
      await stores.audit.append({ type: types.get(target) as AuditEventType, ...event })
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

  async function changeRows(stores: Stores, change: 'end' | 'take', id: string, reason: string, by: Provenance) {
    await cascades[change](stores, { clientId: id }, reason, by)
    await recordForOwnKeys(stores, change, id, reason, by)
  }

  async function setStatus(stores: Stores, client: RegisteredClient, status: Status, by: Provenance): Promise<void> {
    await stores.clients.setStatus(client.id, status)
    const event = { type: statusEvents[status], outcome: 'success', clientId: client.id } as const
    await stores.audit.append({ ...event, provenance: by })
    if (status === 'deleted') await revokeCredentials(stores, client, by)
  }

  return {
    prepare(asked) {
      const { clientId, isPublic, secret } = asked
      const settings = distinct({ ...asked, grantsPerMinute: grantLimitsAfter(null, asked.grantsPerMinute) })
      assertNoProblems({
        client_id: clientIdProblem(clientId),
        ...clientProblems(settings, { ...settings, isPublic }),
        ...grantLimitsProblems(asked.grantsPerMinute, settings.grantsPerMinute),
      })
      if (isPublic && typeof secret === 'string') throw new AccountError('invalid', 'A public client has no secret.')
      const isWithout = isPublic || secret === null
      const made = isWithout ? undefined : makeSecret({ name: undefined, secret, ttlSeconds: undefined }, dependencies)
      const client: RegisteredClient = {
        ...settings,
        ...{ id: randomId(randomness, CLIENT_ID_PREFIX), clientId, isPublic, createdAtMs: clock.now() },
        ...{ secrets: made === undefined ? [] : [made.stored], keys: [], trusts: [], status: 'active', revision: 0 },
      }
      return { client, secret: made }
    },

    async add(stores, { client, secret }, by) {
      await assertMayChangeClient(stores, by, undefined, client)
      const isNew = await stores.clients.insert(client)
      if (!isNew) throw clientIdIsTaken()
      await assertRolesExist(stores, client.mayGrant)
      if (secret !== undefined) await stores.credentials.insert(client.id, 'client_secret', secret.stored)
      const target = secret === undefined ? {} : { target: secret.stored.id }
      await stores.audit.append({
        ...{ type: 'client.add', outcome: 'success', clientId: client.id, ...target, provenance: by },
      })
    },

    async update(stores, before, { status, ...change }, by) {
      const { id, isPublic } = before
      const isOfSettings = Object.keys(change).length > 0
      // What is as it was, beside other changes, is no act of its own.
      const isOfStatus = status !== undefined && (status !== before.status || !isOfSettings)
      const settings = isOfSettings ? settingsAfter(before, change) : before
      await assertMayChangeClient(stores, by, before, settings)
      if (status === 'active' && !isActive(before.status)) await assertMayGiveUse(stores, by, before)
      by.expect?.(before)
      if (isOfSettings) {
        const { grantsPerMinute, ...given } = change
        assertNoProblems({
          ...clientProblems(given, { ...settings, isPublic }, before.scope),
          ...(grantsPerMinute !== undefined && grantLimitsProblems(grantsPerMinute, settings.grantsPerMinute)),
        })
        const added = settings.mayGrant.filter(name => !before.mayGrant.includes(name))
        await assertRolesExist(stores, added)
        await stores.clients.update(id, settings)
        await stores.audit.append({ type: 'client.update', outcome: 'success', clientId: id, provenance: by })
      }
      if (isOfStatus) await setStatus(stores, before, status, by)
      if (isOfStatus && !isActive(status)) await changeRows(stores, 'end', id, `client_${status}`, by)
      else if (isOfSettings && isNarrower(before, settings)) await changeRows(stores, 'take', id, 'client_narrowed', by)
      return { ...before, ...settings, status: status ?? before.status }
    },
  }
}

/** Clients of these ids that were deleted may have sessions that are still to end: before a client of one of them is added. */
export async function finishPredecessors(
  { write, cascades }: { readonly write: Write; readonly cascades: Pick<Cascades, 'finish'> },
  clientIds: readonly string[],
): Promise<void> {
  const ids = await write(stores => Promise.all(clientIds.map(clientId => stores.clients.idsOf(clientId))))
  await cascades.finish(...ids.flat().map(id => ({ clientId: id, subjectId: id })))
}
