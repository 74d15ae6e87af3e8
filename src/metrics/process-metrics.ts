/**
 * The process itself, under the names that Prometheus' client libraries give it. prom-client's own `collectDefaultMetrics` starts
 * observers that nothing can stop again.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'

/** Between two looks at the event loop: what is shorter is seen by chance alone. */
const RESOLUTION_MS = 20

/** Each gauge or counter asks when somebody looks. */
function addResources(register: Registry): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [register],
      collect() {
        this.set(value())
      },
    })
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of all threads, hashing and signing included.',
    registers: [register],
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  gauge(
    'process_start_time_seconds',
    'When the process began, in seconds since the epoch.',
    () => performance.timeOrigin / 1000,
  )
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  gauge('nodejs_heap_size_used_bytes', "Memory that JavaScript's objects take.", () => process.memoryUsage().heapUsed)
}

const statistics = ['p50', 'p99', 'max'] as const

/** @returns what starts and stops the look at the event loop, which begins anew with each scrape */
export function createProcessMetrics(register: Registry): { readonly start: () => void; readonly stop: () => void } {
  addResources(register)
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  /** In seconds beyond the time for which it meant to wait. */
  const beyond = (nanoseconds: number) => Math.max(nanoseconds / 1e9 - RESOLUTION_MS / 1000, 0)
  const gauges = statistics.map(
    name =>
      new Gauge({
        name: `nodejs_eventloop_lag_${name}_seconds`,
        help: `By how much the event loop was late since the last scrape: ${name}.`,
        registers: [register],
        ...(name === 'p50' && { collect: setAll }),
      }),
  )

  /** By the first of them, for all: after that the next look begins. */
  function setAll(): void {
    if (delays.count > 0)
      for (const [index, value] of [delays.percentile(50), delays.percentile(99), delays.max].entries())
        gauges[index]?.set(beyond(value))
    delays.reset()
  }

  return {
    start: () => void delays.enable(),
    stop: () => void delays.disable(),
  }
}
