/** What a verifier takes from its surroundings. Tests with a time of their own put theirs in its place. */
export interface Environment {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds since any moment; unlike `now` it never jumps. */
  readonly elapsed: () => number
  /** At least 0, less than 1. */
  readonly random: () => number
  /** Calls `work` once after some milliseconds, if what it returns is not called before. */
  readonly schedule: (work: () => void, ms: number) => () => void
  readonly fetch: typeof fetch
}

export const systemEnvironment: Environment = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  schedule(work, ms) {
    // What is done in the background keeps no process alive. Timers of Deno are plain numbers.
    const timer: { unref?: () => void } = setTimeout(work, ms)
    timer.unref?.()
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>)
  },
  fetch: (input, init) => fetch(input, init),
}
