/** The surroundings of a verifier in a test: a time that moves only when the test says so, and a network that can be cut. */
import { type Environment, TokenError, type Verifier } from '@signet/verifier'

export type TestEnvironment = Environment & {
  /** Moves the time on, by milliseconds: polls that are due begin one after the other, each when the one before is over. */
  advance(ms: number): Promise<void>
  /** Moves the time on, and nothing else: for a poll that takes its time. */
  pass(ms: number): void
  /** Sets the clock, by milliseconds: what has elapsed stays. */
  setClock(byMs: number): void
  /** Resolves when no poll is under way: one that is over schedules the next. */
  idle(): Promise<void>
  /** From now on no request gets through, until the network is mended. */
  cut(): void
  mend(): void
  /** How many requests were sent, whether they got through or not. */
  sent(): number
}

export interface EnvironmentOptions {
  /** Of the clock; the real time, cut to seconds, when not given, so that tokens of a real token service are current. */
  readonly startMs?: number
  readonly random?: () => number
  /** Requests are given up when the verifier says so. Elsewhere they are not: a busy machine may take longer than it waits. */
  readonly givesUp?: true
}

interface Timer {
  readonly work: () => void
  readonly dueMs: number
}

const wholeSecond = (): number => Math.floor(Date.now() / 1000) * 1000

export function testEnvironment({
  startMs = wholeSecond(),
  random = () => 0,
  givesUp,
}: EnvironmentOptions = {}): TestEnvironment {
  let elapsedMs = 0
  let setByMs = 0
  let isCut = false
  let sent = 0
  /** Nothing is scheduled any more once the verifier is closed. */
  let isClosed = false
  const timers = new Set<Timer>()
  let scheduled = Promise.withResolvers<void>()

  async function idle(): Promise<void> {
    if (timers.size === 0 && !isClosed) await scheduled.promise
  }

  function takeDue(untilMs: number): Timer | undefined {
    const [first] = [...timers].sort((one, other) => one.dueMs - other.dueMs)
    if (first === undefined || first.dueMs > untilMs) return undefined
    timers.delete(first)
    return first
  }

  return {
    now: () => startMs + setByMs + elapsedMs,
    elapsed: () => elapsedMs,
    random,
    schedule(work, ms) {
      const timer = { work, dueMs: elapsedMs + ms }
      timers.add(timer)
      scheduled.resolve()
      scheduled = Promise.withResolvers()
      return () => {
        timers.delete(timer)
        isClosed = true
        scheduled.resolve()
      }
    },
    fetch(input, init) {
      sent += 1
      if (isCut) return Promise.reject(new TypeError('fetch failed', { cause: new Error('The network is cut.') }))
      return fetch(input, givesUp ? init : { ...init, signal: null })
    },
    async advance(ms) {
      const untilMs = elapsedMs + ms
      await idle()
      for (let timer = takeDue(untilMs); timer !== undefined; timer = takeDue(untilMs)) {
        elapsedMs = Math.max(elapsedMs, timer.dueMs)
        timer.work()
        await idle()
      }
      elapsedMs = Math.max(elapsedMs, untilMs)
    },
    pass(ms) {
      elapsedMs += ms
    },
    setClock(byMs) {
      setByMs += byMs
    },
    idle,
    cut: () => {
      isCut = true
    },
    mend: () => {
      isCut = false
    },
    sent: () => sent,
  }
}

/** What becomes of a token: `accepted`, or the code of the refusal. */
export async function outcomeOf(verifier: Verifier, ...of: Parameters<Verifier['verify']>): Promise<string> {
  try {
    await verifier.verify(...of)
    return 'accepted'
  } catch (error) {
    if (error instanceof TokenError) return error.code
    throw error
  }
}
