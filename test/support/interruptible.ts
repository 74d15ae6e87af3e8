/**
 * A service beside an operator whose writes can be cut short, as if the command had been killed between two of them. What is left then
 * is taken up by the service, as soon as the test lets it.
 */

import type { Test } from 'tap'
import { StorageUnavailable, type Write } from '../../src/records/unit-of-work.ts'
import { createHold, type Hold } from './hold.ts'
import { operatorBeside } from './operator.ts'
import { aroundReads } from './reads.ts'
import { type Scene, scene, type Tokens } from './scene.ts'
import { select } from './sqlite.ts'
import { statusIn, storedAs, storedRevocations, until } from './status-list.ts'

/** An operator at a command line of its own, whose writes are counted. */
export async function interruptibleOperator(t: Test, { service, clock }: Scene) {
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
    ...(await operatorBeside(t, service, clock, { write })),
    withWrites,
    cutShort: (t: Test, writes: number, act: () => Promise<unknown>): Promise<unknown> =>
      withWrites(writes, () => t.rejects(act(), { name: 'StorageUnavailable' })),
    /** Of the writes from now on, this one and no other has to pass the hold. */
    holdWrite(number: number, hold: Hold): void {
      held = { writesBefore: number, hold }
    },
  }
}

export async function interruptibleService(t: Test) {
  const takingUp = createHold()
  const read = aroundReads((store, call) => (store === 'cascades' ? takingUp.pass(call) : call()))
  const its = await scene(t, { environment: { SIGNET_SESSION_LIMIT: '1000' }, faults: { read } })
  t.teardown(takingUp.open)
  const { databaseFile } = its.service
  return {
    ...its,
    operator: await interruptibleOperator(t, its),
    /** How many of these tokens are revoked for good, whatever was published. */
    revokedOf(many: readonly Tokens[]): number {
      const stored = new Set(storedRevocations(databaseFile))
      return many.filter(({ access }) => stored.has(storedAs(statusIn(access)))).length
    },
    /** How many cascades are recorded. */
    recorded: (): number => select(databaseFile, 'select id from cascades').length,
    /** From now on the service goes on with nothing, nor gives back what waits for that. */
    leavesAll: takingUp.close,
    /** From now on the service goes on with what nobody else does; resolves when nothing is left. */
    async isTakenUp(): Promise<void> {
      takingUp.open()
      await until(async () => select(databaseFile, 'select id from cascades').length === 0)
    },
  }
}
