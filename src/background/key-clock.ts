/** Rotates and retires signing keys when it is time, and follows what other processes and commands do to them. */
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { KeyLifecycle } from '../keys/key-lifecycle.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { Pulse } from '../records/pulse.ts'
import { createJumpWatch } from './clock-jump.ts'
import { type Listener, whenNeeded } from './when-needed.ts'

/** More than a clock is corrected by while it runs. */
const LARGEST_JUMP_MS = 5 * 60_000
/** How long nothing is rotated or retired after a jump: what a clock that is wrong for a moment does to keys can't be undone. */
const QUIET_MS = 10 * 60_000

export interface KeyClock extends Listener {
  /** All that it may have to do, unless the clock was just set; one at a time, whoever asks. */
  tick(): Promise<void>
  /** Its first half. */
  follow(): Promise<void>
}

export function createKeyClock(dependencies: {
  readonly lifecycle: KeyLifecycle
  readonly ring: KeyRing
  readonly clock: Clock
  readonly log: Logger
  readonly provenance: Provenance
}): KeyClock {
  const { lifecycle, ring, clock, log, provenance } = dependencies

  let last: Promise<void> = Promise.resolve()
  const clockJump = createJumpWatch(clock, LARGEST_JUMP_MS)
  let quietUntilMs = 0

  async function follow(): Promise<void> {
    if (!(await ring.follow())) return
    log.info({ kid: ring.signer().kid }, 'the signing keys changed')
    await lifecycle.removeSpent()
  }

  async function followAndAdvance(): Promise<void> {
    // First what others did: a key that was revoked must not sign while this process makes a new one.
    await follow()
    await lifecycle.advance(provenance)
    await follow()
  }

  function oneAtATime(work: () => Promise<void>): Promise<void> {
    last = last.catch(() => {}).then(work)
    return last
  }

  /** Of the keys, as the last round that succeeded saw them. */
  let known: string | undefined

  function isNeeded({ keysVersion }: Pulse): boolean {
    const jumpMs = clockJump()
    if (jumpMs !== undefined) {
      quietUntilMs = performance.now() + QUIET_MS
      log.warn({ jump_ms: jumpMs }, 'the clock was set: no signing key is rotated or retired for ten minutes')
    }
    if (keysVersion !== known) return true
    ring.confirm()
    return !isQuiet() && lifecycle.isDue(ring.known())
  }

  const isQuiet = (): boolean => performance.now() < quietUntilMs

  async function round(_signal: AbortSignal, { keysVersion }: Pulse): Promise<void> {
    await oneAtATime(isQuiet() ? follow : followAndAdvance)
    known = keysVersion
  }

  const onError = (error: unknown) => {
    if (error === undefined) log.info('the signing keys are followed again')
    else log.error({ err: error }, 'the signing keys cannot be followed or rotated; it is tried again twice a second')
  }
  return {
    ...whenNeeded(isNeeded, round, onError),
    tick: () => oneAtATime(followAndAdvance),
    follow: () => oneAtATime(follow),
  }
}
