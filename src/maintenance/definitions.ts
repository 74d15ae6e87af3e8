/** What it takes to make roles, trusted issuers and clients what they are defined to be. */
import { isNarrower } from '../accounts/client-changes.ts'
import { takesAway } from '../accounts/roles.ts'
import type { ClientSettings, RegisteredClient } from '../records/client.ts'
import type { DefinedClient, Definitions } from '../records/definitions.ts'
import { ADMINISTRATOR, type Role } from '../records/role.ts'
import type { TrustedIssuer } from '../records/trusted-issuer.ts'
import { type CredentialDifference, credentialDifference, idsOfRemoved, sizeOf } from './credential-definitions.ts'
import { type IssuerDifference, issuerDifference, trustedIn } from './issuer-definitions.ts'

/** What there is, read at one moment. */
export interface Present {
  readonly roles: readonly Role[]
  readonly issuers: readonly TrustedIssuer[]
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
  readonly credentials: CredentialDifference
  /**
   * What of it ends: all its sessions; the access tokens of its sessions, which then go on with less; or only what it got for itself with a
   * key or a trust that is removed.
   */
  readonly ends: 'sessions' | 'access_tokens' | 'own_tokens' | undefined
}

export interface Difference {
  readonly roles: readonly RoleDifference[]
  readonly issuers: readonly IssuerDifference[]
  readonly clients: readonly ClientDifference[]
  readonly notInFile: Readonly<Record<'roles' | 'issuers' | 'clients', readonly string[]>>
  /** What there is of that which is named, also as whom to trust, as it was compared. */
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
  forwardsAddress: (one, other) => one.forwardsAddress === other.forwardsAddress,
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

function endsOf(
  before: RegisteredClient,
  after: DefinedClient,
  credentials: CredentialDifference,
): ClientDifference['ends'] {
  // Of one that is disabled everything has ended.
  if (before.status !== 'active') return undefined
  if (after.status === 'disabled') return 'sessions'
  if (isNarrower(before, after)) return 'access_tokens'
  return idsOfRemoved(credentials).length > 0 ? 'own_tokens' : undefined
}

function clientDifference(
  after: DefinedClient,
  before: RegisteredClient | undefined,
  issuers: ReadonlyMap<string, TrustedIssuer>,
): ClientDifference[] {
  const status = after.status === (before?.status ?? 'active') ? undefined : after.status
  const credentials = credentialDifference(after, before, issuers)
  if (before === undefined) return [{ before, after, settings: after, status, credentials, ends: undefined }]
  const settings = settingsThatDiffer(before, after)
  if (status === undefined && Object.keys(settings).length + sizeOf(credentials) === 0) return []
  return [{ before, after, settings, status, credentials, ends: endsOf(before, after, credentials) }]
}

export const byName = <T>(all: readonly T[], nameOf: (one: T) => string): ReadonlyMap<string, T> =>
  new Map(all.map(one => [nameOf(one), one]))

const inOrder = <T>(all: readonly T[], nameOf: (one: T) => string): readonly T[] =>
  all.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))

export interface Named {
  readonly name: string
}
export const nameOf = ({ name }: Named): string => name
export const idOfClient = ({ clientId }: { readonly clientId: string }): string => clientId

const namesBeside = <T>(there: ReadonlyMap<string, unknown>, named: readonly T[], nameOf: (one: T) => string) => {
  const names = new Set(named.map(nameOf))
  return [...there.keys()].filter(name => !names.has(name)).sort()
}

export function differenceOf(definitions: Definitions, present: Present): Difference {
  const { roles, issuers, clients } = definitions
  const there = {
    roles: byName(present.roles, nameOf),
    issuers: byName(present.issuers, nameOf),
    clients: byName(present.clients, idOfClient),
  }
  const trusted = trustedIn(present.clients)
  const issuersNamed = new Set([
    ...issuers.map(nameOf),
    ...clients.flatMap(({ trusts }) => trusts.map(({ issuerName }) => issuerName)),
  ])
  return {
    roles: inOrder(roles, nameOf).flatMap(role => roleDifference(role, there.roles.get(role.name))),
    issuers: inOrder(issuers, nameOf).flatMap(issuer =>
      issuerDifference(issuer, there.issuers.get(issuer.name), trusted),
    ),
    clients: inOrder(clients, idOfClient).flatMap(client =>
      clientDifference(client, there.clients.get(client.clientId), there.issuers),
    ),
    notInFile: {
      roles: namesBeside(there.roles, roles, nameOf).filter(name => name !== ADMINISTRATOR),
      issuers: namesBeside(there.issuers, issuers, nameOf),
      clients: namesBeside(there.clients, clients, idOfClient),
    },
    compared: {
      roles: roles.flatMap(({ name }) => there.roles.get(name) ?? []),
      issuers: present.issuers.filter(({ name }) => issuersNamed.has(name)),
      clients: clients.flatMap(({ clientId }) => there.clients.get(clientId) ?? []),
    },
  }
}

export const isNothing = ({ roles, issuers, clients }: Difference): boolean =>
  roles.length + issuers.length + clients.length === 0

/** Whether it takes something from somebody. */
export const takesSomething = ({ roles, issuers, clients }: Difference): boolean =>
  roles.some(role => role.isNarrower) ||
  issuers.some(issuer => issuer.takesTokens) ||
  clients.some(client => client.ends !== undefined)
