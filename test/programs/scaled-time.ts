/**
 * A preload: in this process Date, performance.now, setTimeout and setInterval follow the scale of the environment. The timers that
 * Node sets for itself (the connect and keep-alive timeouts of fetch) stay real: they guard a network that is no faster than before.
 */
import { performance } from 'node:perf_hooks'
import { SCALE_VARIABLE, type Scale, scaledClock } from '../soak/verifiers/scaled-clock.ts'

const scale: Scale = JSON.parse(process.env[SCALE_VARIABLE] ?? '')
const { now } = scaledClock(scale)

class ScaledDate extends Date {
  // biome-ignore lint/suspicious/noExplicitAny: Date takes a text, a number, a Date or up to seven numbers
  constructor(...values: any[]) {
    super(...((values.length === 0 ? [now()] : values) as [number]))
  }

  static override now(): number {
    return now()
  }
}

const realPerformanceNow = performance.now.bind(performance)

/** Whether Node itself calls the function that asks. */
const isCalledByNode = (): boolean => new Error().stack?.split('\n')[3]?.includes('node:internal/') === true

type Timer = (work: () => void, ms?: number, ...values: readonly unknown[]) => NodeJS.Timeout

const scaled =
  (timer: Timer): Timer =>
  (work, ms = 0, ...values) =>
    timer(work, isCalledByNode() ? ms : ms / scale.factor, ...values)

Object.assign(globalThis, {
  Date: ScaledDate,
  setTimeout: scaled(setTimeout),
  setInterval: scaled(setInterval),
})
performance.now = () => scale.factor * realPerformanceNow()
