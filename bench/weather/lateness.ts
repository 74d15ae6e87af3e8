/**
 * How long the machine lets processes wait for a processor (proc(5), schedstat; elsewhere nothing is known of it): a machine that is busy
 * with something else must not look like a service that is slow.
 */
import { readFileSync } from 'node:fs'

export interface Lateness {
  /** What is granted beside a promise from `fromMs` until `untilMs`: a second, and more when the machine let others wait. */
  granted(instance: string | undefined, fromMs: number, untilMs: number): number
  /** Whether it was the machine that took most of the time. */
  stoodStill(instance: string | undefined, fromMs: number, untilMs: number): boolean
}

const EVERY_MS = 50
const KEPT_MS = 60_000
const ALWAYS_MS = 1000
/** Those of the database wait, too. */
const PROCESSES = 2
const THIS = 'this process'

interface Sample {
  readonly at: number
  /** Since the sample before. */
  readonly waitedMs: number
}

/** Of the thread that runs JavaScript, since it began. */
function waitedMsOf(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

export function watchLateness(instances: readonly { readonly name: string; pid(): number | undefined }[]): Lateness {
  const watched = [...instances, { name: THIS, pid: () => process.pid }].map(process => {
    const samples: Sample[] = []
    return { ...process, samples, before: { pid: process.pid(), waitedMs: 0 } }
  })

  function look(): void {
    const at = performance.now()
    for (const each of watched) {
      const [pid, { before, samples }] = [each.pid(), each]
      const waitedMs = waitedMsOf(pid)
      samples.push({ at, waitedMs: Math.max(0, waitedMs - (before.pid === pid ? before.waitedMs : 0)) })
      while ((samples[0]?.at ?? at) < at - KEPT_MS) samples.shift()
      each.before = { pid, waitedMs }
    }
  }
  setInterval(look, EVERY_MS).unref()

  const waited = (instance: string | undefined, fromMs: number, untilMs: number): number =>
    watched
      .filter(({ name }) => name === instance || name === THIS)
      .flatMap(({ samples }) => samples)
      .filter(({ at }) => at >= fromMs && at <= untilMs + EVERY_MS)
      .reduce((sum, { waitedMs }) => sum + waitedMs, 0)

  return {
    granted: (...of) => ALWAYS_MS + PROCESSES * waited(...of),
    stoodStill: (instance, fromMs, untilMs) => PROCESSES * waited(instance, fromMs, untilMs) > (untilMs - fromMs) / 2,
  }
}
