import type { SeenStatusList } from '../../src/records/status-list.ts'
import type { Readers } from '../../src/records/unit-of-work.ts'

type Around = <T>(store: string, read: () => Promise<T>) => Promise<T>

/** A fault that stands around every read outside of a write; `store` is the member of Readers. */
export const aroundReads =
  (around: Around) =>
  (readers: Readers): Readers => {
    type Method = (...values: unknown[]) => Promise<unknown>
    const wrapped = Object.entries(readers).map(([name, store]: [string, Record<string, Method>]) => {
      const methods = Object.entries(store).map(([key, method]) => [
        key,
        (...values: unknown[]) => around(name, () => method(...values)),
      ])
      return [name, Object.fromEntries(methods)]
    })
    return Object.fromEntries(wrapped) as unknown as Readers
  }

/** A service hears of the database what it was at the start: what a test takes away past it is found by whoever looks there. */
export function hearingNothing(readers: Readers): Readers {
  let first: ReturnType<Readers['pulse']['take']> | undefined
  const take = () => {
    first ??= readers.pulse.take()
    return first
  }
  return { ...readers, pulse: { take } }
}

/** A database whose clock shows this when status lists are read: on PostgreSQL no test moves the real one. */
export const databaseAt =
  (nowMs: () => number) =>
  (readers: Readers): Readers => {
    const at = (list: SeenStatusList) => ({ ...list, readAtMs: nowMs() })
    const list = async () => (await readers.statusLists.list()).map(at)
    return { ...readers, statusLists: { ...readers.statusLists, list } }
  }

/** A database whose clock stands still, so that no minute turns between two reads of a list. */
export function inOneMinute(): (readers: Readers) => Readers {
  const nowMs = Date.now()
  return databaseAt(() => nowMs)
}
