/** Something that runs beside requests. */
export interface Background {
  start(): void
  /** Resolves when what was under way is done. */
  stop(): Promise<void>
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
  let failed = false

  async function run(): Promise<void> {
    try {
      await work(stopping.signal)
      if (failed) onError(undefined)
      failed = false
    } catch (error) {
      if (!failed) onError(error)
      failed = true
    }
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
