/**
 * Who may give, change, reset or end what (docs/administration.md). The command line may do everything. Whoever asks with a token may do
 * nothing that reaches beyond the token and beyond what its user, or its client, has at that moment: asked inside the write of the act.
 */
import type { Provenance } from '../records/audit-event.ts'
import { type ClientSettings, isClient, noSettings } from '../records/client.ts'
import { ADMINISTRATOR, isOwnPermission, type OwnPermission, type Role } from '../records/role.ts'
import { isActive } from '../records/standing.ts'
import type { Readers } from '../records/unit-of-work.ts'
import { AccountError } from './rules.ts'

/** Whoever asks with an access token. */
export interface Caller {
  /** A user, or the internal id of a client. */
  readonly subjectId: string
  /** Of the token. */
  readonly scope: readonly string[]
  /** What the request takes. */
  readonly permission: OwnPermission
}

/** By whom an act is done, and what it is to find. */
export interface By<Resource = unknown> extends Provenance {
  /** Undefined at the command line. */
  readonly caller?: Caller
  /** Throws when the resource is no longer what whoever asks has seen (RFC 9110 §13.1.1). */
  readonly expect?: ((now: Resource) => void) | undefined
}

type Acting = Pick<By, 'caller'>

/** What a caller has at this moment. */
interface Powers {
  readonly scope: readonly string[]
  readonly permissions: ReadonlySet<string>
  /** Of a user. */
  readonly roleNames: ReadonlySet<string>
  /** Of a machine: undefined for a user. */
  readonly mayGrant: readonly string[] | undefined
}

/** What is read for a decision: outside of a write, or in it. */
export type Standings = Pick<Readers, 'users' | 'roles' | 'clients'>

const beyond = (message: string): AccountError => new AccountError('beyond_authority', message)
const lacksPermission = (permission: string): AccountError =>
  beyond(`This takes the permission ${permission}, in the token and now.`)

async function powersOf({ users, clients }: Standings, { subjectId, scope }: Caller): Promise<Powers | undefined> {
  if (isClient(subjectId)) {
    const client = await clients.findById(subjectId)
    if (client === undefined || !isActive(client.status)) return undefined
    return { scope, permissions: new Set(client.scope), roleNames: new Set(), mayGrant: client.mayGrant }
  }
  const user = await users.findStanding(subjectId)
  if (user === undefined || !isActive(user)) return undefined
  const roles = await users.rolesOf(subjectId)
  const permissions = new Set(roles.flatMap(role => role.permissions))
  return { scope, permissions, roleNames: new Set(roles.map(({ name }) => name)), mayGrant: undefined }
}

/**
 * What the caller has, when that is what the request takes: in the token, and now.
 * @throws AccountError beyond_authority
 */
async function admit(standings: Standings, caller: Caller): Promise<Powers> {
  const powers = await powersOf(standings, caller)
  const { permission, scope } = caller
  if (powers === undefined || !scope.includes(permission) || !powers.permissions.has(permission))
    throw lacksPermission(permission)
  return powers
}

const isAdministrator = ({ roleNames }: Powers): boolean => roleNames.has(ADMINISTRATOR)

/** What somebody could do with the thing, the caller can do already. */
function assertHas(powers: Powers, permissions: Iterable<string>): void {
  for (const permission of permissions) {
    const isHeld = powers.permissions.has(permission)
    if (
      isOwnPermission(permission) ? !(isHeld && powers.scope.includes(permission)) : !isHeld && !isAdministrator(powers)
    )
      throw beyond('This reaches beyond the permissions of the token, or of whom it speaks of.')
  }
}

/** A machine needs none of the permissions of the users on whom it acts. */
function assertGrantable(mayGrant: readonly string[], roles: readonly Role[]): void {
  if (!roles.every(({ name }) => mayGrant.includes(name)))
    throw beyond('The user has, or is to have, a role that this client may not grant.')
}

function assertAdministrator(powers: Powers, what: string): void {
  if (!isAdministrator(powers)) throw beyond(`${what} takes the role ${ADMINISTRATOR}.`)
}

/** For what reads, too. */
export async function assertMay(standings: Standings, { caller }: Acting): Promise<void> {
  if (caller !== undefined) await admit(standings, caller)
}

/** @param permissions what a token got through the thing could carry */
export async function assertMayHandle(
  standings: Standings,
  { caller }: Acting,
  permissions: readonly string[],
): Promise<void> {
  if (caller !== undefined) assertHas(await admit(standings, caller), permissions)
}

/**
 * @param roles what the user has
 * @param after what the user is to have
 */
export async function assertMayActOnUser(
  standings: Standings,
  { caller }: Acting,
  roles: readonly Role[],
  after: readonly Role[] = roles,
): Promise<void> {
  if (caller === undefined) return
  const powers = await admit(standings, caller)
  const had = new Set(roles.map(({ name }) => name))
  if (powers.mayGrant !== undefined) return assertGrantable(powers.mayGrant, [...roles, ...after])
  for (const { name } of after)
    if (!had.has(name) && !powers.roleNames.has(name))
      assertAdministrator(powers, 'Granting a role that one does not have')
  assertHas(
    powers,
    [...roles, ...after].flatMap(({ permissions }) => permissions),
  )
}

/**
 * For the end of something that gives only a part of what its owner may do.
 * @param owner whose it is
 * @param permissions what a token got through it could carry
 */
export async function assertMayEndOf(
  standings: Standings,
  { caller }: Acting,
  owner: string,
  permissions: readonly string[],
): Promise<void> {
  if (caller === undefined) return
  const powers = await admit(standings, caller)
  if (powers.mayGrant === undefined || isClient(owner)) return assertHas(powers, permissions)
  assertGrantable(powers.mayGrant, await standings.users.rolesOf(owner))
}

/** @param roles as it is, and as it is to be: services ask for roles by name, so adding one gives more than its permissions */
export async function assertMayChangeRole(
  standings: Standings,
  { caller }: Acting,
  ...roles: readonly Role[]
): Promise<void> {
  if (caller === undefined) return
  const powers = await admit(standings, caller)
  assertAdministrator(powers, 'Changing roles')
  assertHas(
    powers,
    roles.flatMap(({ permissions }) => permissions),
  )
}

/** All that a token through the client could carry: `*` stands for every permission of every role, of Signet's own for those it names. */
async function reachOf({ roles }: Standings, scope: readonly string[]): Promise<readonly string[]> {
  const named = scope.filter(permission => permission !== '*')
  if (named.length === scope.length) return named
  const all = (await roles.list()).flatMap(({ permissions }) => permissions)
  return [...named, ...all.filter(permission => !isOwnPermission(permission))]
}

/** What of a client is authority and no permission. */
function authorityOf(settings: ClientSettings): string {
  const { audiences, introspect, origins, scope, accessTokenTtlSeconds, grantsPerMinute, forwardsAddress } = settings
  const lists = [audiences, introspect, origins, scope.includes('*')]
  return JSON.stringify([...lists, accessTokenTtlSeconds, grantsPerMinute, forwardsAddress])
}

/**
 * @param before undefined for a new one
 * @param after the same as before where nothing of it is changed but a secret or the status
 */
export async function assertMayChangeClient(
  standings: Standings,
  { caller }: Acting,
  before: ClientSettings = noSettings,
  after: ClientSettings = before,
): Promise<void> {
  if (caller === undefined) return
  const powers = await admit(standings, caller)
  if (authorityOf(before) !== authorityOf(after))
    assertAdministrator(
      powers,
      'Changing audiences, introspection, origins, *, lifetimes, limits or the forwarded address of a client',
    )
  assertHas(powers, await reachOf(standings, [...before.scope, ...after.scope]))
}

/** For the end of whatever goes through a client: of its users a machine knows nothing. */
export async function assertMayEndThrough(
  standings: Standings,
  { caller }: Acting,
  client: Pick<ClientSettings, 'scope'>,
): Promise<void> {
  if (caller === undefined) return
  const powers = await admit(standings, caller)
  if (powers.mayGrant !== undefined) throw beyond('A client ends the sessions of users one by one, or of one user.')
  assertHas(powers, await reachOf(standings, client.scope))
}

/**
 * For one more secret of a client, and for one that is to work again: whoever has a secret can do all that the client can, also what is no
 * permission.
 * @param client as it is
 */
export async function assertMayGiveUse(standings: Standings, by: Acting, client: ClientSettings): Promise<void> {
  await assertMayChangeClient(standings, by, client)
  const isBelieved = client.introspect.length > 0 || client.mayGrant.length > 0 || client.forwardsAddress !== null
  if (by.caller === undefined || !isBelieved) return
  assertAdministrator(
    await admit(standings, by.caller),
    'To give the use of a client that may introspect, grant roles or say where people are',
  )
}

/**
 * Inside a write that takes `signet-admin` from a user, or lets one who has it work no more: over HTTP one is always left. The row of the
 * role is locked, so that of two such acts the second sees the first.
 */
export async function assertAdministratorIsLeft(
  { users, roles }: Standings,
  { caller }: Acting,
  userId: string,
): Promise<void> {
  await roles.find(ADMINISTRATOR)
  if (caller !== undefined && !(await users.isHeldByAnother(ADMINISTRATOR, userId)))
    throw new AccountError('conflict', `The last user with the role ${ADMINISTRATOR} keeps it, and stays.`)
}
