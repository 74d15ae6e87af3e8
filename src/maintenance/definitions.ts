/** What it takes to make roles and clients what they are defined to be. */
import { isNarrower } from '../accounts/client-changes.ts'
import { takesAway } from '../accounts/roles.ts'
import type { ClientSettings, RegisteredClient } from '../records/client.ts'
import type { DefinedClient, Definitions } from '../records/definitions.ts'
import { ADMINISTRATOR, type Role } from '../records/role.ts'

/** What there is, read at one moment. */
export interface Present {
  readonly roles: readonly Role[]
  readonly clients: readonly RegisteredClient[]
}

export interface RoleDifference {
  /** Undefined for a new one. */
  readonly before: Role | undefined
  readonly after: Role
  /** The access tokens of everybody who has it end. */
  readonly isNarrower: boolean
}

export interface ClientDifference {
  /** Undefined for a new one. */
  readonly before: RegisteredClient | undefined
  readonly after: DefinedClient
  /** Those that differ. */
  readonly settings: Partial<ClientSettings>
  /** Where it differs. */
  readonly status: 'active' | 'disabled' | undefined
  /** What of it ends: all its sessions, or the access tokens of its sessions, which then go on with less. */
  readonly ends: 'sessions' | 'access_tokens' | undefined
}

export interface Difference {
  readonly roles: readonly RoleDifference[]
  readonly clients: readonly ClientDifference[]
  readonly notInFile: { readonly roles: readonly string[]; readonly clients: readonly string[] }
  /** What there is of that which is named, as it was compared. */
  readonly compared: Present
}

const isSameSet = (one: readonly string[], other: readonly string[]): boolean => {
  const [left, right] = [new Set(one), new Set(other)]
  return left.size === right.size && left.isSubsetOf(right)
}

/** Also in its order, of which the first is the default. */
const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  JSON.stringify([...new Set(one)]) === JSON.stringify([...new Set(other)])

const isSameSetting: {
  readonly [Name in keyof ClientSettings]: (one: ClientSettings, other: ClientSettings) => boolean
} = {
  grants: (one, other) => isSameSet(one.grants, other.grants),
  scope: (one, other) => isSameSet(one.scope, other.scope),
  audiences: (one, other) => isSameList(one.audiences, other.audiences),
  origins: (one, other) => isSameSet(one.origins, other.origins),
  introspect: (one, other) => isSameSet(one.introspect, other.introspect),
  accessTokenTtlSeconds: (one, other) => one.accessTokenTtlSeconds === other.accessTokenTtlSeconds,
  grantsPerMinute: (one, other) =>
    one.grantsPerMinute?.client === other.grantsPerMinute?.client &&
    one.grantsPerMinute?.subject === other.grantsPerMinute?.subject,
  mayGrant: (one, other) => isSameSet(one.mayGrant, other.mayGrant),
}

const settingNames = Object.keys(isSameSetting) as readonly (keyof ClientSettings)[]

/** Those of the names in which the two differ, as the second has them. */
function settingsThatDiffer(before: ClientSettings, after: ClientSettings): Partial<ClientSettings> {
  const names = settingNames.filter(name => !isSameSetting[name](before, after))
  return Object.fromEntries(names.map(name => [name, after[name]]))
}

function roleDifference(after: Role, before: Role | undefined): RoleDifference[] {
  if (before === undefined) return [{ before, after, isNarrower: false }]
  if (isSameSet(before.permissions, after.permissions)) return []
  return [{ before, after, isNarrower: takesAway(before, after) }]
}

function endsOf(before: RegisteredClient, after: DefinedClient): ClientDifference['ends'] {
  // Of one that is disabled everything has ended.
  if (before.status !== 'active') return undefined
  if (after.status === 'disabled') return 'sessions'
  return isNarrower(before, after) ? 'access_tokens' : undefined
}

function clientDifference(after: DefinedClient, before: RegisteredClient | undefined): ClientDifference[] {
  const status = after.status === (before?.status ?? 'active') ? undefined : after.status
  if (before === undefined) return [{ before, after, settings: after, status, ends: undefined }]
  const settings = settingsThatDiffer(before, after)
  if (status === undefined && Object.keys(settings).length === 0) return []
  return [{ before, after, settings, status, ends: endsOf(before, after) }]
}

export const byName = <T>(all: readonly T[], nameOf: (one: T) => string): ReadonlyMap<string, T> =>
  new Map(all.map(one => [nameOf(one), one]))

const inOrder = <T>(all: readonly T[], nameOf: (one: T) => string): readonly T[] =>
  all.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))

export const nameOfRole = ({ name }: Role): string => name
export const idOfClient = ({ clientId }: { readonly clientId: string }): string => clientId

export function differenceOf(definitions: Definitions, present: Present): Difference {
  const named = { roles: byName(definitions.roles, nameOfRole), clients: byName(definitions.clients, idOfClient) }
  const there = { roles: byName(present.roles, nameOfRole), clients: byName(present.clients, idOfClient) }
  const roles = inOrder(definitions.roles, nameOfRole)
  const clients = inOrder(definitions.clients, idOfClient)
  return {
    roles: roles.flatMap(role => roleDifference(role, there.roles.get(role.name))),
    clients: clients.flatMap(client => clientDifference(client, there.clients.get(client.clientId))),
    notInFile: {
      roles: [...there.roles.keys()].filter(name => name !== ADMINISTRATOR && !named.roles.has(name)).sort(),
      clients: [...there.clients.keys()].filter(id => !named.clients.has(id)).sort(),
    },
    compared: {
      roles: present.roles.filter(({ name }) => named.roles.has(name)),
      clients: present.clients.filter(({ clientId }) => named.clients.has(clientId)),
    },
  }
}

export const isNothing = ({ roles, clients }: Difference): boolean => roles.length + clients.length === 0

/** Whether it takes something from somebody. */
export const takesSomething = ({ roles, clients }: Difference): boolean =>
  roles.some(role => role.isNarrower) || clients.some(client => client.ends !== undefined)
