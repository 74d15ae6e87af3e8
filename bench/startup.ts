/**
 * From the start of the server process to the first 200 of the JWKS, and the memory it holds when idle: with keys and database
 * in place, from the second start on, beside a bare `node -e 0` in the same run.
 *
 *     npm run bench:startup
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { main, prepareService } from './service.ts'

const RUNS = 9
const port = 34569
const { environment, remove } = prepareService(port)

const serves = () =>
  fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`).then(
    response => response.ok,
    () => false,
  )

const ended = (child: ChildProcess) => new Promise(resolve => child.once('exit', resolve))

/** Resident memory of a process in MB (proc(5), VmRSS). */
const residentMegabytes = (pid: number) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

async function start(): Promise<{ milliseconds: number; megabytes: number }> {
  const begin = performance.now()
  const child = spawn(process.execPath, [main, 'serve'], { env: environment, stdio: 'ignore' })
  while (!(await serves())) await delay(2)
  const milliseconds = performance.now() - begin
  await delay(1000)
  const megabytes = residentMegabytes(child.pid ?? 0)
  child.kill('SIGTERM')
  await ended(child)
  return { milliseconds, megabytes }
}

function bareNode(): number {
  const begin = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  return performance.now() - begin
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

try {
  const first = await start()
  const starts = []
  const bare = []
  for (let run = 0; run < RUNS; run += 1) {
    bare.push(bareNode())
    starts.push(await start())
  }
  const milliseconds = median(starts.map(each => each.milliseconds))
  const megabytes = median(starts.map(each => each.megabytes))
  console.log(`first start ${first.milliseconds.toFixed(0)} ms`)
  console.log(
    `later starts ${milliseconds.toFixed(0)} ms (median of ${RUNS}; a bare node: ${median(bare).toFixed(0)} ms)`,
  )
  console.log(`resident memory, idle: ${megabytes.toFixed(0)} MB`)
} finally {
  remove()
}
