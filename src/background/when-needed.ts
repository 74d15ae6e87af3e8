import type { Pulse } from '../records/pulse.ts'
import { onceTold } from './periodically.ts'

/** Something that is done when the database shows that there is something to do. */
export interface Listener {
  /** Begins it, if it is needed and not under way. */
  hear(pulse: Pulse): void
  /** Resolves when what was under way is done; nothing is begun any more. */
  stop(): Promise<void>
}

/**
 * Does `work` when a pulse says that it is needed, never twice at a time.
 * @param work ends early when its signal is aborted
 * @param onError told when a run fails, and with undefined when one succeeds after that
 */
export function whenNeeded(
  isNeeded: (pulse: Pulse) => boolean,
  work: (signal: AbortSignal, pulse: Pulse) => Promise<unknown>,
  onError: (error: unknown) => void,
): Listener {
  const stopping = new AbortController()
  const told = onceTold(onError)
  let running: Promise<void> | undefined
  return {
    hear(pulse) {
      if (running !== undefined || stopping.signal.aborted || !isNeeded(pulse)) return
      running = told(() => work(stopping.signal, pulse)).finally(() => {
        running = undefined
      })
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
