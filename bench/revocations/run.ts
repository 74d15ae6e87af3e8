/** Runs loads in processes of their own, and says how long their requests took. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Load, Outcome } from './load.ts'

export async function runLoad(load: Load): Promise<Outcome> {
  const child = fork(fileURLToPath(new URL('./load.ts', import.meta.url)))
  child.send(load)
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the load ended with ${code}`)))
  const [outcome] = await Promise.race([once(child, 'message'), failed])
  failed.catch(() => {})
  child.disconnect()
  return outcome as Outcome
}

const quantile = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN

/** Prints a line. @returns the 99th percentile, in milliseconds */
export function describe(name: string, latencies: readonly number[]): number {
  const sorted = latencies.toSorted((a, b) => a - b)
  const p99 = quantile(sorted, 0.99)
  const columns = [
    `${sorted.length} requests`,
    `p50 ${quantile(sorted, 0.5).toFixed(1)} ms`,
    `p99 ${p99.toFixed(1)} ms`,
  ]
  console.log([name.padEnd(40), ...columns].join('   '))
  return p99
}
