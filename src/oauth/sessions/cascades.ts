/**
 * Goes on with what session-ends.ts has recorded: the command or request that began it, and every server with what nobody else goes on
 * with. A cascade is a row. Each batch is one write that locks the row first and does nothing when it is gone; so two who go on with the
 * same one do nothing twice, and whoever waits for its end knows that nothing comes after that.
 */
import type { Clock } from '../../clock.ts'
import {
  type Cascade,
  type CascadeReader,
  type CascadeTarget,
  ISSUER_REMOVED,
  ROLE_DELETED,
} from '../../records/cascade.ts'
import type { Stores, Write } from '../../records/unit-of-work.ts'
import type { SessionEnds } from './session-ends.ts'

/** A user, a client (internal ids), a credential, a role or a trusted issuer. */
export type Concern = Pick<CascadeTarget, 'subjectId' | 'clientId' | 'credentialId' | 'roleName' | 'issuerId'>

export interface Cascades {
  /** Goes on with every cascade over one of them until there is none. */
  finish(...concerns: readonly Concern[]): Promise<void>
  /** Goes on with one until it is over, and answers how many sessions are done in all; 0 when somebody else has done the rest. */
  finishOne(id: string): Promise<number>
  /** Whether there is one over one of them: asked inside a write that has locked what it is about. */
  isUnderWay(stores: Stores, ...concerns: readonly Concern[]): Promise<boolean>
  /** What a server does again and again: goes on with those that have not moved since it looked last. */
  takeUp(signal: AbortSignal): Promise<void>
}

const isOver = ({ target }: Cascade, { subjectId, clientId, credentialId, roleName, issuerId }: Concern): boolean =>
  (subjectId !== undefined && target.subjectId === subjectId) ||
  (clientId !== undefined && target.clientId === clientId) ||
  (credentialId !== undefined && target.credentialId === credentialId) ||
  (roleName !== undefined && target.roleName === roleName) ||
  (issuerId !== undefined && target.issuerId === issuerId)

const underWay = async (reader: CascadeReader, concerns: readonly Concern[]): Promise<readonly Cascade[]> =>
  concerns.length === 0
    ? []
    : (await reader.list()).filter(cascade => concerns.some(concern => isOver(cascade, concern)))

/** Over everybody who has a role; what is left of one of them is a cascade of its own, over both. */
const isOfRole = ({ target }: Cascade): boolean => target.roleName !== undefined && target.subjectId === undefined

/** Clients that one write changes: more would keep other writes waiting. */
const CLIENTS_AT_ONCE = 200

const positionOf = ({ id, cursor, done }: Cascade): string => `${id} ${cursor} ${done}`

export function createCascades(dependencies: {
  readonly cascades: CascadeReader
  readonly ends: SessionEnds
  readonly write: Write
  readonly clock: Clock
  /** Told how many sessions are done, batch by batch. */
  readonly onProgress?: ((done: number) => void) | undefined
}): Cascades {
  const { cascades, ends, write, clock, onProgress = () => {} } = dependencies
  let seen = new Set<string>()

  async function changeNext(stores: Stores, cascade: Cascade): Promise<number | undefined> {
    const { id, change, target, cursor, reason, done, by } = cascade
    const { ids } = await ends.changeSome(stores, change, target, cursor, reason, by)
    const last = ids.at(-1)
    if (last === undefined) return undefined
    await stores.cascades.advance(id, change === 'take' ? last : '', done + ids.length)
    return done + ids.length
  }

  /**
   * With the role goes who had it: only the cascade of its deletion has visited all of them since then. No client may grant one of its
   * name that is added later: nobody has let it since the role gives nothing.
   */
  async function deleteRole(stores: Stores, roleName: string, done: number): Promise<number | undefined> {
    if ((await stores.clients.forgetRole(roleName, CLIENTS_AT_ONCE)) > 0) return done
    await stores.roles.deleteIfEmpty(roleName)
    return undefined
  }

  /** One user a write, locked as a sign-in does it: one that is under way is seen here, or sees the change of the role. */
  async function visitNext(stores: Stores, { id, target, cursor, reason, done, by }: Cascade) {
    const roleName = target.roleName as string
    const userId = await stores.roles.nextUserOf(roleName, cursor)
    if (userId === undefined) return reason === ROLE_DELETED ? deleteRole(stores, roleName, done) : undefined
    await stores.users.findById(userId)
    // So that nothing is left to the last step, which removes the role.
    if (reason === ROLE_DELETED) await stores.users.revokeRole(userId, roleName)
    await ends.take(stores, { subjectId: userId, roleName }, reason, by)
    await stores.cascades.advance(id, userId, done + 1)
    return done + 1
  }

  /**
   * One trust a write. A machine that begins with one meanwhile has asked the issuer under its lock, and is seen here. With an issuer that
   * is removed its trusts go: nobody adds one any more.
   */
  async function visitNextTrust(stores: Stores, { id, target, cursor, reason, done, by }: Cascade) {
    const trust = await stores.credentials.nextTrustIn(target.issuerId as string, cursor)
    if (trust === undefined) return undefined
    const filter = { credentialId: trust.id }
    if (reason === ISSUER_REMOVED) {
      await stores.clients.raiseRevision(trust.ownerId)
      await stores.credentials.revoke(trust.id, clock.now())
      await ends.end(stores, filter, reason, by)
      const event = { type: 'client.remove_trust', outcome: 'success', reason, clientId: trust.ownerId } as const
      await stores.audit.append({ ...event, target: trust.id, provenance: by })
    } else await ends.take(stores, filter, reason, by)
    await stores.cascades.advance(id, trust.id, done + 1)
    return done + 1
  }

  const visit = (stores: Stores, cascade: Cascade): Promise<number | undefined> => {
    if (cascade.target.issuerId !== undefined) return visitNextTrust(stores, cascade)
    return (isOfRole(cascade) ? visitNext : changeNext)(stores, cascade)
  }

  /** Answers how much is done, or undefined when it is over. */
  const step = (id: string): Promise<number | undefined> =>
    write(async stores => {
      const cascade = await stores.cascades.lock(id)
      if (cascade === undefined) return undefined
      const done = await visit(stores, cascade)
      // It is over when a look finds nobody.
      if (done === undefined) await stores.cascades.remove(id)
      return done
    })

  async function run(id: string, signal?: AbortSignal): Promise<number> {
    for (let total = 0; ; ) {
      const done = signal?.aborted ? undefined : await step(id)
      if (done === undefined) return total
      total = done
      onProgress(total)
    }
  }

  /** A batch of each in turn: a large one keeps no other waiting, nor does one that fails. */
  async function inTurn(open: readonly Cascade[], signal: AbortSignal): Promise<void> {
    const failures: unknown[] = []
    for (let ids = open.map(({ id }) => id); ids.length > 0 && !signal.aborted; ) {
      const left: string[] = []
      for (const id of ids) {
        const done = await step(id).catch(error => void failures.push(error))
        if (done !== undefined) left.push(id)
      }
      ids = left
    }
    if (failures.length > 0) throw failures[0]
  }

  return {
    async finish(...concerns) {
      for (;;) {
        const under = await underWay(cascades, concerns)
        if (under.length === 0) return
        for (const { id } of under) await run(id)
      }
    },

    finishOne: id => run(id),

    async isUnderWay(stores, ...concerns) {
      return (await underWay(stores.cascades, concerns)).length > 0
    },

    async takeUp(signal) {
      const open = await cascades.list()
      const standing = open.filter(cascade => seen.has(positionOf(cascade)))
      seen = new Set(open.map(positionOf))
      await inTurn(standing, signal)
    },
  }
}
