/** The life of the signing keys: what is wished is decided in transitions.ts, and carried out by executor.ts. */
import type { Logger } from 'pino'
import { type Clock, isoTime } from '../clock.ts'
import type { Provenance } from '../records/audit-event.ts'
import { KeyError, type SigningKey, type SigningKeyReader } from '../records/signing-key.ts'
import type { Write } from '../records/unit-of-work.ts'
import { createExecutor } from './executor.ts'
import { EncryptionKeyError } from './key-errors.ts'
import { createNewKeys } from './new-keys.ts'
import { type PrivateKeys, readProved } from './private-keys.ts'
import { asOf, inOrderOfUse, inState, type KeyPolicy } from './schedule.ts'
import { decide, type Refusal, type Situation, type Step, type Wish } from './transitions.ts'

export interface KeyLifecycle {
  /** As they count now, in the order in which they were made; of two that were made together, the one that signs first. */
  list(): Promise<readonly SigningKey[]>
  /** Makes the first keys if there are none, and finishes what a process left half done that was killed. */
  settle(by: Provenance): Promise<void>
  /** Whether, the keys being so, a step is due, or something is wrong with them. */
  isDue(known: readonly SigningKey[]): boolean
  /** Does every step that is due. */
  advance(by: Provenance): Promise<void>
  /**
   * Lets the standby sign: at once when it was published for long enough, else as soon as it was.
   * @returns the key, and the time at which it signs or began to
   * @throws KeyError when the standby's private half is of no use
   */
  rotate(by: Provenance): Promise<{ readonly kid: string; readonly activatesAtMs: number }>
  /**
   * Takes a key out of the JWKS; if it is the one that signs, the standby does so at once.
   * @returns whether verifiers know the key that signs now
   * @throws KeyError when there is no such key, or it is in the JWKS no longer
   */
  revoke(kid: string, reason: string, by: Provenance): Promise<{ readonly signerIsKnown: boolean }>
  /** Removes private halves that are needed no more. */
  removeSpent(): Promise<void>
  /**
   * Takes all keys out of the JWKS and makes new ones, which are used at once.
   * @returns the kids of those that left
   */
  revokeAll(reason: string, by: Provenance): Promise<readonly string[]>
}

export const NOT_PUBLISHED = 'There is no such key in the JWKS.'

const refusals: Readonly<Record<Exclude<Refusal, 'standby_unknown' | 'standby_unusable'>, string>> = {
  no_keys: 'There are no signing keys yet: signet serve makes the first ones.',
  no_pair:
    'The database knows signing keys, but no active one with a standby. Run: signet keys revoke --all --reason …',
  not_published: NOT_PUBLISHED,
}

/** What the other one did. */
function overtakenBy(active: SigningKey | undefined): KeyError {
  const now = active === undefined ? '' : `: ${active.kid} signs since ${isoTime(active.sinceMs)} (${active.cause})`
  return new KeyError(
    `The keys were changed by another process at the same moment${now}. This one changed nothing. Look at \`signet keys list\`, and ` +
      'try again if that is not what you want.',
  )
}

const MOST_STEPS = 3

interface Decided {
  readonly steps: readonly Step[]
  readonly before: readonly SigningKey[]
  readonly nowMs: number
}

/** Decides on the keys as they are, and looks at the standby when that matters. */
function createDecider(dependencies: {
  readonly privateKeys: PrivateKeys
  readonly keys: SigningKeyReader
  readonly clock: Clock
  readonly policy: KeyPolicy
}) {
  const { privateKeys, keys, clock, policy } = dependencies

  /** @throws KeyError when the wish is refused */
  return async (wish: Wish): Promise<Decided> => {
    const [before, nowMs] = [await keys.list(), clock.now()]
    const ask = (standby: Situation['standby']) => decide(wish, { keys: before, nowMs, policy, standby })
    let decision = ask('unknown')
    let problem: unknown
    if (decision.refusal === 'standby_unknown') {
      problem = await problemOf(privateKeys, inState(before, 'pending'))
      decision = ask(standbyWith(problem))
    }
    if (decision.refusal === undefined) return { steps: decision.steps, before: before.map(asOf(nowMs)), nowMs }
    if (decision.refusal === 'standby_unknown' || decision.refusal === 'standby_unusable') throw problem
    throw new KeyError(refusals[decision.refusal])
  }
}

/** What keeps a key from signing; undefined when nothing does. */
const problemOf = async (privateKeys: PrivateKeys, key: SigningKey | undefined): Promise<unknown> =>
  key &&
  readProved(privateKeys, key).then(
    () => undefined,
    error => error,
  )

function standbyWith(problem: unknown): Situation['standby'] {
  if (problem === undefined) return 'usable'
  return problem instanceof EncryptionKeyError ? 'locked' : 'unusable'
}

export function createKeyLifecycle(dependencies: {
  readonly privateKeys: PrivateKeys
  readonly keys: SigningKeyReader
  readonly write: Write
  readonly clock: Clock
  readonly policy: KeyPolicy
  readonly log: Logger
}): KeyLifecycle {
  const { privateKeys, keys, write, clock, policy, log } = dependencies
  const newKeys = createNewKeys({ privateKeys, keys, write })
  const carryOut = createExecutor({ newKeys, clock, policy })
  const decided = createDecider({ privateKeys, keys, clock, policy })

  /** @throws KeyError when it is refused, or another process was faster */
  async function fulfil(wish: Wish, by: Provenance): Promise<Decided> {
    const decision = await decided(wish)
    if (!(await carryOut(decision.steps, by))) throw overtakenBy(inState(await keys.list(), 'active'))
    return decision
  }

  function tellOf(step: Step): void {
    if (step.type === 'move' && step.to === 'active') log.info(`the signing key is ${step.kid} now`)
    if (step.type === 'note_ahead' && step.isAhead)
      log.warn({ kid: step.kid }, 'the times of a signing key lie ahead of the clock: they count from now on')
  }

  /** Does what is due next, unless another process was faster; answers whether anything was. */
  async function advanced(by: Provenance): Promise<boolean> {
    const { steps } = await decided({ type: 'advance' })
    if (steps.length === 0) return false
    if (await carryOut(steps, by)) steps.forEach(tellOf)
    return true
  }

  return {
    list: async () => (await keys.list()).map(asOf(clock.now())).toSorted(inOrderOfUse),

    async settle(by) {
      const { steps } = await decided({ type: 'settle' })
      if (steps.length > 0 && (await carryOut(steps, by)))
        log.info('made the first signing keys: the database had none')
      const strangers = await newKeys.finish()
      // A database beside files that it does not know is most often the wrong database.
      if (strangers > 0)
        log.warn(
          `there are files of ${strangers} other keys, which this database does not know: is SIGNET_DATABASE_URL right?`,
        )
    },

    isDue(known) {
      const situation = { keys: known, nowMs: clock.now(), policy, standby: 'unknown' } as const
      const decision = decide({ type: 'advance' }, situation)
      return decision.refusal !== undefined || decision.steps.length > 0
    },

    async advance(by) {
      // When it is known which times lie ahead, keys may have expired; and when they have, a rotation may be due.
      for (let step = 0; step < MOST_STEPS && (await advanced(by)); ) step += 1
    },

    async rotate(by) {
      const { before, nowMs } = await fulfil({ type: 'rotate' }, by)
      // Without a standby it was refused.
      const { kid, activatesAtMs } = inState(before, 'pending') as SigningKey
      return { kid, activatesAtMs: Math.max(activatesAtMs, nowMs) }
    },

    async revoke(kid, reason, by) {
      const { steps } = await fulfil({ type: 'revoke', kid, reason }, by)
      return { signerIsKnown: !steps.some(step => step.type === 'add' && step.state === 'active') }
    },

    removeSpent: newKeys.removeSpent,

    async revokeAll(reason, by) {
      const { steps } = await fulfil({ type: 'revoke_all', reason }, by)
      return steps.flatMap(step => (step.type === 'move' ? [step.kid] : []))
    },
  }
}
