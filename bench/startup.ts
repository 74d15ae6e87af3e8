/**
 * From the start of the server process to the first 200 of the JWKS, and the memory it holds when idle: with keys and database
 * in place, from the second start on, beside a bare `node -e 0` in the same run.
 *
 *     npm run bench:startup
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const RUNS = 9
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'signet-bench-'))
const port = 34569
const environment = {
  ...process.env,
  SIGNET_PORT: String(port),
  SIGNET_MANAGEMENT_PORT: String(port + 1),
  SIGNET_DATABASE_URL: `file:${join(folder, 'signet.sqlite')}`,
  SIGNET_KEYS_DIR: join(folder, 'keys'),
}

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
  rmSync(folder, { recursive: true, force: true })
}
