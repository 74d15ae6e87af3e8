/**
 * What operators ask the audit for, in the words of its rows. Whoever has a name may not be the first who has it, and it may have been
 * tried while nobody had it: all of that belongs to the name.
 */
import { type Clock, parseDuration, parseIsoTime } from '../clock.ts'
import type { AuditFilter, AuditParty } from '../records/audit-event.ts'
import type { AuditSealReader, AuditSigner } from '../records/audit-seal.ts'
import { CLIENT_ID_PREFIX, type ClientReader } from '../records/client.ts'
import { canonicalAddress } from '../records/network.ts'
import { USER_ID_PREFIX, type UserReader } from '../records/user.ts'
import { createNameHash } from './name-hash.ts'

/** A moment, or how long ago it was. */
export type When = { readonly atMs: number } | { readonly agoSeconds: number }

/** How long ago (`12h`), or a day or time in ISO 8601; undefined for what is neither. */
export function parseWhen(text: string): When | undefined {
  const agoSeconds = parseDuration(text)
  if (agoSeconds !== undefined) return { agoSeconds }
  const atMs = parseIsoTime(text)
  return atMs === undefined ? undefined : { atMs }
}

/** Every condition that is given holds. */
export interface AuditSearch extends Pick<AuditFilter, 'types' | 'outcome'> {
  /** A name, or an internal id. */
  readonly user?: string | undefined
  /** Only an internal id, in the place of `user`. */
  readonly userId?: string | undefined
  readonly client?: string | undefined
  /** An IP address in any spelling. */
  readonly address?: string | undefined
  readonly since?: When | undefined
  readonly until?: When | undefined
}

/** Told what whoever reads the answer should know. */
export type Remark = (sentence: string) => void

export type FilterOf = (search: AuditSearch, remark: Remark) => Promise<AuditFilter>

/** There is one spelling now. Before, a socket that takes both families wrote an IPv4 address as an IPv6 one. */
function spellingsOf(address: string): readonly string[] {
  const canonical = canonicalAddress(address) ?? address
  return [...new Set([canonical, address, ...(canonical.includes(':') ? [] : [`::ffff:${canonical}`])])]
}

export function createAuditSearch(dependencies: {
  readonly users: Pick<UserReader, 'idsOf' | 'isKnownId'>
  readonly clients: Pick<ClientReader, 'idsOf'>
  readonly seals: Pick<AuditSealReader, 'keys'>
  /** Needed for names that nobody had. */
  readonly openKeys: () => Promise<{ current(): AuditSigner }>
  /** The form in which usernames are compared. */
  readonly usernameKey: (username: string) => string
  readonly clock: Clock
}): FilterOf {
  const { users, clients, seals, openKeys, usernameKey, clock } = dependencies

  async function hashOf(kind: 'username' | 'client_id', name: string, remark: Remark): Promise<string | undefined> {
    // No service ran yet that could have hashed one; and who only reads makes no key.
    if ((await seals.keys()).length === 0) return undefined
    try {
      return createNameHash(await openKeys(), kind)(name)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      remark(`What was tried with this name while nobody had it is not shown: ${error.message}`)
      return undefined
    }
  }

  async function userOf(name: string, remark: Remark): Promise<AuditParty> {
    const key = usernameKey(name)
    const named = await users.idsOf(key)
    const isId = name.startsWith(`${USER_ID_PREFIX}_`) || (await users.isKnownId(name))
    if (named.length === 0 && !isId) remark('No user has or had this name.')
    return { ids: isId ? [...named, name] : named, nameHash: await hashOf('username', key, remark) }
  }

  async function clientOf(name: string, remark: Remark): Promise<AuditParty> {
    const named = await clients.idsOf(name)
    const isId = name.startsWith(`${CLIENT_ID_PREFIX}_`)
    if (named.length === 0 && !isId) remark('No client has or had this id.')
    return { ids: isId ? [...named, name] : named, nameHash: await hashOf('client_id', name, remark) }
  }

  const momentOf = (when: When): number => ('atMs' in when ? when.atMs : clock.now() - when.agoSeconds * 1000)

  async function partyOf({ user, userId }: AuditSearch, remark: Remark): Promise<AuditParty | undefined> {
    if (userId !== undefined) return { ids: [userId], nameHash: undefined }
    return user === undefined ? undefined : userOf(user, remark)
  }

  return async (search, remark) => {
    const { client, address, since, until, types, outcome } = search
    return {
      ...{ types, outcome },
      user: await partyOf(search, remark),
      client: client === undefined ? undefined : await clientOf(client, remark),
      addresses: address === undefined ? undefined : spellingsOf(address),
      sinceMs: since && momentOf(since),
      beforeMs: until && momentOf(until),
    }
  }
}
