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
