/** Carries the steps of transitions.ts out: all of them in one write, each with its audit event; new-keys.ts has the private halves around it. */
import type { Clock } from '../clock.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { Stores } from '../records/unit-of-work.ts'
import { type NewKeys, Overtaken } from './new-keys.ts'
import type { GeneratedKey } from './rsa.ts'
import type { KeyPolicy } from './schedule.ts'
import { newKeyAt, type Step, transitionAt } from './transitions.ts'

/** @returns false when another process was faster: nothing was changed */
export type CarryOut = (steps: readonly Step[], by: Provenance) => Promise<boolean>

/** The audit event of a key that came into this state. */
const arrivals = {
  active: 'signing_key.activate',
  retiring: 'signing_key.stop_signing',
  retired: 'signing_key.retire',
  revoked: 'signing_key.revoke',
} as const

/** Its private half is of no use from then on. */
const endsSigning = (step: Step): boolean => step.type === 'move' && (step.to === 'retiring' || step.to === 'revoked')

export function createExecutor(dependencies: {
  readonly newKeys: NewKeys
  readonly clock: Clock
  readonly policy: KeyPolicy
}): CarryOut {
  const { newKeys, clock, policy } = dependencies

  /** @throws Overtaken when the keys are others by now than the step was made for */
  async function record(
    { signingKeys, audit }: Stores,
    step: Step,
    atMs: number,
    made: GeneratedKey[],
    by: Provenance,
  ) {
    const note = { outcome: 'success', provenance: by } as const
    if (step.type === 'move') {
      if (!(await signingKeys.step(transitionAt(atMs, step)))) throw new Overtaken()
      await audit.append({ ...note, type: arrivals[step.to], reason: step.cause, target: step.kid })
    } else if (step.type === 'add') {
      const key = made.shift()
      if (key === undefined) throw new Error('A key is missing that was to be made.')
      if (!(await signingKeys.insert(newKeyAt(atMs, step, key, policy)))) throw new Overtaken()
      await audit.append({ ...note, type: 'signing_key.add', reason: step.state, target: key.kid })
    } else if (step.type === 'note_ahead') {
      // No act: the plan goes by it, and the log tells of it.
      await signingKeys.noteAhead(step.kid, step.isAhead ? atMs : null)
    } else {
      if (!(await signingKeys.askRotation(step.kid, atMs))) throw new Overtaken()
      await audit.append({ ...note, type: 'signing_key.ask_rotation', target: step.kid })
    }
  }

  return async (steps, by) => {
    const count = steps.filter(({ type }) => type === 'add').length
    const done = await newKeys.use(count, async (stores, made) => {
      // Not when it was decided: the active key may have signed while new ones were made.
      const atMs = clock.now()
      const unused = [...made]
      for (const step of steps) await record(stores, step, atMs, unused, by)
    })
    if (done && steps.some(endsSigning)) await newKeys.removeSpent()
    return done
  }
}
