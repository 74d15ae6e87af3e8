/** Something that runs beside requests. */
export interface Background {
  start(): void
  /** Resolves when what was under way is done. */
  stop(): Promise<void>
}

/**
 * Does `work` at once and then again and again, never twice at a time.
 * @param pauseMs between the end of one run and the beginning of the next
 * @param onError told when a run fails, and with undefined when one succeeds after that
 */
export function periodically(
  pauseMs: number,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Background {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let stopped = false
  let failed = false

  async function run(): Promise<void> {
    try {
      await work()
      if (failed) onError(undefined)
      failed = false
    } catch (error) {
      if (!failed) onError(error)
      failed = true
    }
    // What runs beside requests does not keep the process alive.
    if (!stopped) timer = setTimeout(begin, pauseMs).unref()
  }

  function begin(): void {
    if (!stopped) running = run()
  }

  return {
    start: begin,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
