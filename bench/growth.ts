/**
 * What grows with the sessions that a service has, and what does not: refreshes at 1, 64 and 256 connections, sign-ins, what
 * operators do, a round of the janitor, the start; and a status list with more and more revocations. A service for each size, all
 * running from the beginning to the end, asked in turn, so that a machine that becomes slower is slower for all of them.
 *
 *     npm run bench:growth
 *     npm run bench:growth -- --sizes 1000,100000 --seconds 2
 *     npm run bench:growth -- --write-docs           # the figures of docs/performance.md, and docs/growth.svg
 */
import { execFileSync } from 'node:child_process'
import { statfsSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { measureActs, measureJanitorRound } from './growth/acts.ts'
import type { Report, SizeFigures } from './growth/figures.ts'
import { measureLists } from './growth/lists.ts'
import { medianOf, refreshing, runWindow, type Window } from './growth/refreshes.ts'
import { markdownOf, writeDocs } from './growth/report.ts'
import { seed } from './growth/seed.ts'
import { type Environment, endService, prepareService, startService } from './service.ts'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,100000,10000000' },
    connections: { type: 'string', default: '1,64,256' },
    /** Of each window; there are `rounds` of them. */
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
  },
})
const numbers = (text: string) => text.split(',').map(Number)
const [sizes, connections] = [numbers(values.sizes), numbers(values.connections)]
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)]
/** Below those that the system gives to the connections of the load. */
const FIRST_PORT = 24_620
const REVOCATIONS = [0, 1000, 100_000]
/** As many connections as the compiler of the runtime needs to see what is hot soon. */
const WARM_UP = { connections: 64, seconds: 15 }
const STARTS = 5
/** Of a session with its user and all indices, with room to make the indices. */
const BYTES_A_SESSION = 1700

const { bavail, bsize } = statfsSync(tmpdir())
const needed = Math.max(...sizes) * BYTES_A_SESSION + 1e9
if (bavail * bsize < needed) throw new Error(`This needs ${Math.ceil(needed / 1e9)} GB in ${tmpdir()}.`)

const lastCore = availableParallelism() - 1
execFileSync('taskset', ['-acp', String(lastCore), String(process.pid)], { stdio: 'ignore' })

async function startTimed(environment: Environment, times: number[]) {
  const begin = performance.now()
  const child = await startService(environment, '0')
  times.push(performance.now() - begin)
  return child
}

async function openSize(sessions: number, port: number) {
  const { environment, remove } = prepareService(port)
  try {
    const file = environment.SIGNET_DATABASE_URL.slice('file:'.length)
    const tokens = await seed(environment, file, sessions)
    const megabytes = statSync(file).size / 1e6
    const janitorMilliseconds = await measureJanitorRound(environment)
    // The first start makes the keys.
    await endService(await startService(environment, '0'))
    const starts: number[] = []
    let child = await startTimed(environment, starts)
    while (starts.length < STARTS) {
      await endService(child)
      child = await startTimed(environment, starts)
    }
    const startMilliseconds = Math.min(...starts)
    const target = { port, pid: child.pid ?? 0 }
    const send = refreshing(tokens)
    await runWindow({ ...target, ...WARM_UP, send })
    const end = () => endService(child).then(remove)
    return { sessions, megabytes, startMilliseconds, janitorMilliseconds, environment, file, tokens, target, send, end }
  } catch (error) {
    remove()
    throw error
  }
}

type Size = Awaited<ReturnType<typeof openSize>>

/** Turns over all sizes. */
async function measureRefreshes(opened: readonly Size[]): Promise<Window[][]> {
  const windows = opened.map(() => connections.map((): Window[] => []))
  for (let round = 0; round < rounds; round += 1)
    for (const [column, count] of connections.entries())
      for (const [row, { target, send }] of opened.entries())
        windows[row]?.[column]?.push(await runWindow({ ...target, connections: count, seconds, send }))
  return windows.map(row => row.map(medianOf))
}

async function measure(opened: readonly Size[]): Promise<Report> {
  const loadAverage = loadavg()[0] ?? 0
  const refreshes = await measureRefreshes(opened)
  const figures: SizeFigures[] = []
  for (const [row, { environment, target, ...size }] of opened.entries()) {
    const { sessions, megabytes, startMilliseconds, janitorMilliseconds } = size
    const acts = await measureActs(environment, target.port)
    figures.push({ sessions, megabytes, startMilliseconds, janitorMilliseconds, refreshes: refreshes[row] ?? [], acts })
  }
  const [smallest] = opened
  if (smallest === undefined) throw new Error('No size was given.')
  const { target, file, tokens: refreshTokens } = smallest
  const lists = await measureLists({ ...target, file, refreshTokens, sizes: REVOCATIONS, seconds })
  return {
    measuredOn: new Date().toISOString().slice(0, 10),
    machine: `${lastCore + 1} cores of ${cpus()[0]?.model.trim()}, the service on one of them; Node ${process.versions.node}`,
    loadAverage,
    connections,
    sizes: figures,
    lists,
  }
}

const opened: Size[] = []
try {
  for (const [index, sessions] of sizes.entries()) opened.push(await openSize(sessions, FIRST_PORT + 2 * index))
  const report = await measure(opened)
  console.log(markdownOf(report))
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
  if (values['write-docs']) writeDocs(report)
} finally {
  for (const { end } of opened) await end()
}
