/** A service whose writes can be cut short, as if the process had been killed between two of them. */

import type { Test } from 'tap'
import { StorageUnavailable, type Write } from '../../src/records/unit-of-work.ts'
import type { Hold } from './hold.ts'
import { scene, type Tokens } from './scene.ts'
import { bytesOf, fetchList, isSet, statusIn } from './status-list.ts'

export async function interruptibleService(t: Test) {
  let writesLeft = Number.POSITIVE_INFINITY
  let held: { writesBefore: number; readonly hold: Hold } | undefined
  const write =
    (inner: Write): Write =>
    async work => {
      if (writesLeft <= 0) throw new StorageUnavailable('Cut short.')
      writesLeft -= 1
      if (held === undefined) return inner(work)
      held.writesBefore -= 1
      return held.writesBefore === 0 ? held.hold.pass(() => inner(work)) : inner(work)
    }
  const its = await scene(t, { environment: { SIGNET_SESSION_LIMIT: '1000' }, faults: { write } })
  // What it does at its start is a write, too.
  await (await its.service.container.janitor()).sweep()

  /** Does `act`, which gets so many writes and no more. */
  async function withWrites<T>(writes: number, act: () => Promise<T>): Promise<T> {
    writesLeft = writes
    try {
      return await act()
    } finally {
      writesLeft = Number.POSITIVE_INFINITY
    }
  }

  return {
    ...its,
    withWrites,
    cutShort: (t: Test, writes: number, act: () => Promise<unknown>): Promise<unknown> =>
      withWrites(writes, () => t.rejects(act(), { name: 'StorageUnavailable' })),
    /** Of the writes from now on, this one and no other has to pass the hold. */
    holdWrite(number: number, hold: Hold): void {
      held = { writesBefore: number, hold }
    },
  }
}

/** How many of these tokens the status lists show as revoked. */
export async function listedOf(many: readonly Tokens[]): Promise<number> {
  const statuses = many.map(({ access }) => statusIn(access))
  const lists = new Map<string, Buffer>()
  for (const uri of new Set(statuses.map(({ uri }) => uri))) lists.set(uri, bytesOf((await fetchList(uri)).text))
  return statuses.filter(({ idx, uri }) => isSet(lists.get(uri) ?? Buffer.alloc(0), idx)).length
}
