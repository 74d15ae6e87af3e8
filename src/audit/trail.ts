/** What happened, for operators: the newest events, and those that come. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { startOfIds } from '../randomness.ts'
import { liesAhead } from '../records/ahead.ts'
import {
  type AuditFilter,
  type AuditPage,
  type AuditReader,
  EVENT_ID_PREFIX,
  type ListedAuditEvent,
} from '../records/audit-event.ts'
import type { AuditSealReader } from '../records/audit-seal.ts'
import type { Position } from '../records/position.ts'
import type { AuditSearch, FilterOf, Remark } from './search.ts'

export interface AuditTrail {
  /** The newest `limit`, the oldest of them first. */
  list(
    search: AuditSearch,
    limit: number,
    remark: Remark,
  ): Promise<{ readonly events: readonly ListedAuditEvent[]; readonly isAll: boolean }>
  /**
   * Some of the newest that are older than `before`, the newest first: `limit` of them, or fewer when they are rare. There are more as
   * long as it says where to go on.
   */
  page(search: AuditSearch, before: Position | undefined, limit: number): Promise<AuditPage>
  /** The newest `lines`, and then what comes, each event once, until it is aborted. */
  follow(
    search: AuditSearch,
    lines: number,
    remark: Remark,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ListedAuditEvent[], void>
}

/** Resolves after the time, or when it is aborted. */
export type Pause = (milliseconds: number, signal?: AbortSignal) => Promise<void>

const PAUSE_MS = 1000
/** What was counted for a minute, or waited for the database, is written with the time at which it happened. */
const LATE_MS = 10 * 60_000
/** Seals whose rows are read at a time: each has at most a few hundred. */
const SEALS = 20
const PAGE = 1000
/** Events that one look of a page goes through, and how many looks it takes: others have their turn between two, and nobody waits for long. */
const EVENTS_A_LOOK = 2000
const LOOKS = 50

export function createAuditTrail(dependencies: {
  readonly audit: AuditReader
  readonly seals: Pick<AuditSealReader, 'last'>
  readonly filterOf: FilterOf
  readonly clock: Clock
  readonly pause: Pause
}): AuditTrail {
  const { audit, seals, filterOf, clock, pause } = dependencies

  const lastSeal = async (): Promise<number> => (await seals.last())?.number ?? 0

  async function* unsealed(filter: AuditFilter, afterId: string) {
    for (let after: string | undefined = afterId; after !== undefined; ) {
      const page: readonly ListedAuditEvent[] = await audit.listUnsealed(filter, after, PAGE)
      yield page
      after = page.length < PAGE ? undefined : page.at(-1)?.id
    }
  }

  async function* sealed(filter: AuditFilter, from: number, to: number) {
    for (let after = from; after < to; after += SEALS)
      yield await audit.listSealed(filter, { after, to: Math.min(after + SEALS, to) })
  }

  return {
    async list(search, limit, remark) {
      const found = await audit.list(await filterOf(search, remark), limit + 1)
      if (liesAhead(found.at(-1)?.occurredAtMs ?? 0, clock.now()))
        remark('The newest are of the future: the clock was ahead, or is behind now. --until 0s leaves them out')
      return { events: found.slice(Math.max(0, found.length - limit)), isAll: found.length <= limit }
    },

    async page(search, before, limit) {
      const filter = await filterOf(search, () => undefined)
      const events: ListedAuditEvent[] = []
      let next = before
      for (let looks = 1; ; looks += 1) {
        const found: AuditPage = await audit.page(filter, next, limit - events.length, EVENTS_A_LOOK)
        events.push(...found.events)
        next = found.next
        if (next === undefined || events.length === limit || looks === LOOKS) return { events, next }
        await nextTurn()
      }
    },

    /**
     * Neither ids nor times are in the order of the commits. Seals are: every row is in one that comes after it was committed. So what is
     * new is what no seal covers, or a new one; what was shown before it was sealed is remembered until it is.
     */
    async *follow(search, lines, remark, signal) {
      const startId = startOfIds(clock.now() - LATE_MS, EVENT_ID_PREFIX)
      const shown = new Set<string>()
      let sealedTo = await lastSeal()
      const first = await filterOf(search, remark)
      for await (const page of unsealed(first, startId)) for (const { id } of page) shown.add(id)
      const newest = lines === 0 ? [] : await audit.list(first, lines)
      for (const { id } of newest) shown.add(id)
      yield newest

      /** What was there long before is sealed late when the service begins to seal. */
      const isNews = ({ id }: ListedAuditEvent): boolean => id > startId && !shown.has(id)
      for (;;) {
        await pause(PAUSE_MS, signal)
        if (signal.aborted) return
        const to = await lastSeal()
        const filter = await filterOf(search, () => undefined)
        for await (const page of sealed(filter, sealedTo, to)) {
          yield page.filter(isNews)
          // They are not met again.
          for (const { id } of page) shown.delete(id)
        }
        sealedTo = to
        for await (const page of unsealed(filter, startId)) {
          const news = page.filter(isNews)
          for (const { id } of news) shown.add(id)
          yield news
        }
      }
    },
  }
}
