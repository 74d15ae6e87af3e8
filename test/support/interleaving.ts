/**
 * Two who run at the same time, in every order that matters: the one is held at each of its steps in turn, while the other runs to its
 * end, or until it waits for a lock of the first. A step is a read, a signature, the beginning of a write, each store call in it, its
 * commit, and what comes after that.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import type { Stores, Write } from '../../src/records/unit-of-work.ts'
import { isOnPostgres } from './environment.ts'
import { createHold } from './hold.ts'
import { aroundReads } from './reads.ts'

export interface Gate {
  /** What a composition is built with, so that it goes through this gate. */
  readonly faults: Faults
  /** How many writes were run again, because they were the victim of a deadlock. */
  reruns(): number
  /** Names the steps that `work` takes. */
  stepsOf(work: () => Promise<unknown>): Promise<readonly string[]>
  /** Does the work, and `meanwhile` before the step with this number; whether it came as far. */
  holdAt<T>(step: number, work: () => Promise<T>, meanwhile: (work: Promise<T>) => Promise<unknown>): Promise<Held<T>>
}

export interface Held<T> {
  readonly answer: T
  /** Undefined when it was over before. */
  readonly at: string | undefined
}

/** What a server reads by itself every second. */
const inBackground = ['cascades', 'signingKeys', 'statusLists', 'revocations', 'instance']

type Method = (...values: unknown[]) => Promise<unknown>

export function createGate(): Gate {
  const hold = createHold()
  let names: string[] | undefined
  let holdsAt: number | undefined
  let reruns = 0

  function step<T>(name: string, work: () => Promise<T>): Promise<T> {
    names?.push(name)
    return names !== undefined && names.length - 1 === holdsAt ? hold.pass(work) : work()
  }

  /** Calls of one write reach the database in the order in which they are made: behind one that is held, the others wait. */
  function inOrder() {
    let before: Promise<unknown> = Promise.resolve()
    let isBehind = false
    return <T>(name: string, work: () => Promise<T>): Promise<T> => {
      const isHeld = names !== undefined && names.length === holdsAt
      const answer = isBehind ? step(name, () => before.then(work, work)) : step(name, work)
      if (isHeld) [before, isBehind] = [answer, true]
      return answer
    }
  }

  const eachCall = (stores: Stores, call = inOrder()): Stores =>
    Object.fromEntries(
      Object.entries(stores).map(([store, methods]: [string, Record<string, Method>]) => [
        store,
        Object.fromEntries(
          Object.entries(methods).map(([name, method]) => [
            name,
            (...values: unknown[]) => call(`${store}.${name}`, () => method(...values)),
          ]),
        ),
      ]),
    ) as unknown as Stores

  /** On SQLite nobody else writes meanwhile: there a write is one step. */
  const write =
    (inner: Write): Write =>
    async (work, size) => {
      // When a credential was used last: nothing depends on it.
      if (size === 'one statement') return inner(work, size)
      let runs = 0
      const answer = await step('begin', () =>
        inner(async stores => {
          runs += 1
          if (runs > 1) reruns += 1
          if (!isOnPostgres()) return work(stores)
          const answer = await work(eachCall(stores))
          return step('commit', async () => answer)
        }),
      )
      return step('after the commit', async () => answer)
    }

  return {
    faults: {
      read: aroundReads((store, read) => (inBackground.includes(store) ? read() : step(`read ${store}`, read))),
      write,
      signer: ({ kid, sign }) => ({ kid, sign: input => step('sign', () => sign(input)) }),
    },

    reruns: () => reruns,

    async stepsOf(work) {
      const seen: string[] = []
      names = seen
      await work()
      names = undefined
      return seen
    },

    async holdAt(at, work, meanwhile) {
      const seen: string[] = []
      ;[names, holdsAt] = [seen, at]
      hold.close()
      const working = work()
      const isHeld = await Promise.race([hold.waiting(1).then(() => true), working.then(() => false)])
      ;[names, holdsAt] = [undefined, undefined]
      try {
        if (isHeld) await meanwhile(working)
      } finally {
        hold.open()
      }
      return { answer: await working, at: isHeld ? seen[at] : undefined }
    },
  }
}

/** Somebody waits for a lock in this database. */
const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`

/** Resolves when the work is over, or waits for a lock of whoever is held. */
export type UntilOverOrWaiting = (work: Promise<unknown>) => Promise<void>

export async function watchLocks(t: Test, databaseFile: string): Promise<UntilOverOrWaiting> {
  if (!isOnPostgres())
    return async work => {
      await work
    }
  const { connect } = await import('./postgres.ts')
  const watcher = await connect(t, databaseFile)
  return async work => {
    let isOver = false
    const over = () => {
      isOver = true
    }
    work.then(over, over)
    while (!isOver && (await watcher.query(waiting)).rows.length === 0) await nextTurn()
  }
}
