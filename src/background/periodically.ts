/** Something that runs beside requests. */
export interface Background {
  start(): void
  /** Resolves when what was under way is done. */
  stop(): Promise<void>
}

/** Runs a work again and again; a failure is told once, and so is its end. */
export function onceTold(onError: (error: unknown) => void): (work: () => Promise<unknown>) => Promise<void> {
  let failed = false
  return async work => {
    try {
      await work()
      if (failed) onError(undefined)
      failed = false
    } catch (error) {
      if (!failed) onError(error)
      failed = true
    }
  }
}

/**
 * Does `work` at once and then again and again, never twice at a time.
 * @param work ends early when its signal is aborted: a process that stops does not wait for all that there is to do
 * @param pauseMs between the end of one run and the beginning of the next
 * @param onError told when a run fails, and with undefined when one succeeds after that
 */
export function periodically(
  pauseMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
  onError: (error: unknown) => void,
): Background {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  const stopping = new AbortController()
  const told = onceTold(onError)

  async function run(): Promise<void> {
    await told(() => work(stopping.signal))
    // What runs beside requests does not keep the process alive.
    if (!stopping.signal.aborted) timer = setTimeout(begin, pauseMs).unref()
  }

  function begin(): void {
    if (!stopping.signal.aborted) running = run()
  }

  return {
    start: begin,
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await running
    },
  }
}
