/**
 * Main-thread time of a refresh without its signature, which belongs to the thread pool: what a change of the code can make
 * longer. The least of five runs, each with a service and a database of its own; with another checkout, one run of each in turn.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endService, mainThreadTime, prepareService, startService } from '../service.ts'
import { measure } from './load.ts'

const RUNS = 5
const thisCheckout = fileURLToPath(new URL('../..', import.meta.url))

interface Load {
  readonly port: number
  readonly chains: number
  readonly seconds: number
}

/** @returns microseconds a refresh */
async function run(checkout: string, load: Load): Promise<number> {
  const { environment, remove } = prepareService(load.port)
  try {
    const service = await startService(environment, '0', [join(checkout, 'bench/refresh/unsigned-service.ts')])
    try {
      const { cpuMicroseconds } = await measure({ ...load, cpuTime: () => mainThreadTime(service.pid ?? 0) })
      return cpuMicroseconds
    } finally {
      await endService(service)
    }
  } finally {
    remove()
  }
}

function print(name: string, runs: readonly number[]): number {
  const least = Math.min(...runs)
  const each = runs.map(microseconds => microseconds.toFixed(1)).join(' ')
  console.log(`${name}: ${least.toFixed(1)} µs of the main thread a refresh, the least of ${each}`)
  return least
}

/** @param against the folder of another checkout that has this benchmark */
export async function compareMainThread(load: Load, against: string | undefined): Promise<void> {
  const [here, there]: [number[], number[]] = [[], []]
  for (let round = 0; round < RUNS; round += 1) {
    here.push(await run(thisCheckout, load))
    if (against !== undefined) there.push(await run(against, load))
  }
  const least = print('this checkout', here)
  if (against !== undefined) console.log(`ratio ${(least / print(against, there)).toFixed(3)}`)
}
