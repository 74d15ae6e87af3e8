/** Removes what is over, in small batches with a turn of the event loop between them, so that no request waits for it. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { RemoveOldEvents } from '../audit/retention.ts'
import type { Clock } from '../clock.ts'
import { momentOf } from '../oauth/status-list/status-index.ts'
import { SIGN_IN_NETWORK_KNOWN_SECONDS } from '../records/limits.ts'
import type { Readers, Stores, Write } from '../records/unit-of-work.ts'
import { createJumpWatch } from './clock-jump.ts'
import { type Background, periodically } from './periodically.ts'

const EVERY_MS = 5 * 60_000
/** More than a clock is corrected by while it runs. */
const LARGEST_JUMP_MS = 60_000
/** Rows that one write removes. */
const BATCH = 200
/** Sessions that are looked at in one turn of the event loop. */
const PAGE = 500
/** However many sessions there are, a round costs no more than this; the next one goes on. */
const PAGES_A_ROUND = 200

/** For whoever looks back at what a client or user had. */
const CREDENTIALS_KEPT_MS = 90 * 24 * 60 * 60_000
/** Keys of others that no server has fetched for so long belong to no issuer and no client any more. */
const FETCHED_KEYS_KEPT_MS = 30 * 24 * 60 * 60_000

/** How many rows were removed of what. */
export interface Swept {
  readonly sessions: number
  readonly revocations: number
  readonly statusLists: number
  readonly credentials: number
  readonly passwordTickets: number
  readonly usedAssertions: number
  readonly fetchedKeys: number
  readonly signInNetworks: number
  readonly auditEvents: number
}

export interface Janitor extends Background {
  /** All that there is, unless the signal is aborted. */
  sweep(signal?: AbortSignal): Promise<Swept>
  /** What was removed since the process began, under the names of the log, and when a round was last over. */
  done(): { readonly removed: Readonly<Record<string, number>>; readonly lastAtMs: number | undefined }
}

export function createJanitor(dependencies: {
  readonly read: Pick<Readers, 'sessions'>
  readonly write: Write
  readonly removeOldEvents: RemoveOldEvents
  readonly clock: Clock
  readonly log: Logger
}): Janitor {
  const { read, write, removeOldEvents, clock, log } = dependencies

  /** @param removeSome removes a batch in one write, and answers how many that were */
  async function inBatches(
    removeSome: (stores: Stores) => Promise<number>,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    for (let total = 0; ; await nextTurn()) {
      const removed = await write(removeSome)
      total += removed
      // Fewer than a batch is no sign of the end: somebody else may have removed some of it.
      if (removed === 0 || signal?.aborted) return total
    }
  }

  const removeRevocations = ({ revocations }: Stores) => revocations.removeExpired(clock.now(), BATCH)
  /** The session that hung on one ended when it did, and is gone or of no use to anybody. */
  const removeCredentials = ({ credentials }: Stores) =>
    credentials.removeOver(clock.now() - CREDENTIALS_KEPT_MS, BATCH)

  const removeTickets = ({ passwordTickets }: Stores) => passwordTickets.removeExpired(clock.now(), BATCH)
  const removeAssertions = ({ usedAssertions }: Stores) => usedAssertions.removeExpired(clock.now(), BATCH)
  const removeFetchedKeys = ({ fetchedKeys }: Stores) =>
    fetchedKeys.removeUnused(clock.now() - FETCHED_KEYS_KEPT_MS, BATCH)

  const removeNetworks = ({ signInNetworks }: Stores) =>
    signInNetworks.removeUnused(clock.now() - SIGN_IN_NETWORK_KNOWN_SECONDS * 1000, BATCH)

  async function removeSessions(ids: readonly string[]): Promise<number> {
    let total = 0
    for (let from = 0; from < ids.length; from += BATCH) {
      const batch = ids.slice(from, from + BATCH)
      total += await write(stores => stores.sessions.removeExpired(batch, momentOf(clock.now())))
    }
    return total
  }

  /**
   * By pages: an index on what a refresh changes would cost each refresh more than this costs.
   * @param from the id after which it begins
   * @returns with `next`, where it would go on; undefined at the end
   */
  async function sweepSessions(from: string, mostPages: number, signal: AbortSignal | undefined) {
    let total = 0
    let next: string | undefined = from
    for (let pages = 0; pages < mostPages && next !== undefined && !signal?.aborted; pages += 1) {
      const page = await read.sessions.findExpired(next, PAGE, momentOf(clock.now()))
      total += await removeSessions(page.ids)
      next = page.next
      await nextTurn()
    }
    return { total, next }
  }

  const removed: Record<string, number> = {}
  let lastAtMs: number | undefined

  function remember(rows: Readonly<Record<string, number>>): void {
    for (const [kind, more] of Object.entries(rows)) removed[kind] = (removed[kind] ?? 0) + more
    lastAtMs = clock.now()
  }

  async function sweep(from: string, mostPages: number, signal?: AbortSignal) {
    const revocations = await inBatches(removeRevocations, signal)
    const { total: sessions, next } = await sweepSessions(from, mostPages, signal)
    const statusLists = await write(stores => stores.statusLists.removeExpired(clock.now()))
    const credentials = await inBatches(removeCredentials, signal)
    const passwordTickets = await inBatches(removeTickets, signal)
    const usedAssertions = await inBatches(removeAssertions, signal)
    const fetchedKeys = await inBatches(removeFetchedKeys, signal)
    const signInNetworks = await inBatches(removeNetworks, signal)
    const auditEvents = await removeOldEvents(signal)
    const told = {
      ...{ sessions, revocations, status_lists: statusLists, credentials },
      ...{ password_tickets: passwordTickets, used_assertions: usedAssertions, fetched_keys: fetchedKeys },
      ...{ sign_in_networks: signInNetworks, audit_events: auditEvents },
    }
    if (Object.values(told).some(rows => rows > 0)) log.info(told, 'swept')
    remember(told)
    const swept = {
      ...{ sessions, revocations, statusLists, credentials },
      ...{ passwordTickets, usedAssertions, fetchedKeys, signInNetworks, auditEvents },
    }
    return { swept, next }
  }

  const onError = (error: unknown) => {
    if (error === undefined) log.info('the janitor works again')
    else log.warn({ err: error }, 'the janitor could not remove what is over; it tries again in some minutes')
  }
  /** Where the next round goes on. */
  let nextSession = ''
  const clockJump = createJumpWatch(clock, LARGEST_JUMP_MS)
  /** A clock that was set wrongly for a moment must not make revoked tokens good again: the next round sees whether it stays so. */
  async function round(signal: AbortSignal): Promise<void> {
    const jumpMs = clockJump()
    if (jumpMs === undefined) nextSession = (await sweep(nextSession, PAGES_A_ROUND, signal)).next ?? ''
    else log.warn({ jump_ms: jumpMs }, 'the clock was set: nothing is removed this time')
  }
  return {
    ...periodically(EVERY_MS, round, onError),
    sweep: async signal => (await sweep('', Number.POSITIVE_INFINITY, signal)).swept,
    done: () => ({ removed, lastAtMs }),
  }
}
