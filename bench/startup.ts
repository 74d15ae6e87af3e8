/**
 * From the start of the server process to the first 200 of the JWKS, and the memory it holds: idle, and after refreshes at 64 chains.
 * With keys and database in place, from the second start on, beside a bare `node -e 0` in the same run.
 *
 *     npm run bench:startup
 *     npm run bench:startup -- --seconds 60   # of refreshes, instead of 20
 *     npm run bench:startup -- --fastify      # beside an empty Fastify service, too
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { addAccountsBefore } from './accounts.ts'
import { measure } from './refresh/load.ts'
import { endService, prepareService, residentMegabytes, shipped } from './service.ts'

const RUNS = 9
const CHAINS = 64
const port = 34569
const jwks = '/.well-known/jwks.json'
const emptyFastify = `
  import fastify from 'fastify'
  const app = fastify()
  app.get('${jwks}', () => ({ keys: [] }))
  await app.listen({ port: ${port} })`

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, fastify: { type: 'boolean', default: false } },
})
const { environment, remove } = prepareService(port)

const serves = () =>
  fetch(`http://127.0.0.1:${port}${jwks}`).then(
    response => response.ok,
    () => false,
  )

interface Started {
  readonly milliseconds: number
  readonly megabytes: number
}

/** @param meanwhile what happens before it is ended */
async function start(
  program: readonly string[],
  meanwhile?: (service: ChildProcess) => Promise<void>,
): Promise<Started> {
  const begin = performance.now()
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const service = spawn(process.execPath, program, { cwd, env: environment, stdio: ['ignore', 'ignore', 'inherit'] })
  while (!(await serves())) {
    if (service.exitCode !== null) throw new Error(`${program.join(' ')} ended with ${service.exitCode}`)
    await delay(2)
  }
  const milliseconds = performance.now() - begin
  await delay(1000)
  const megabytes = residentMegabytes(service.pid ?? 0)
  await meanwhile?.(service)
  await endService(service)
  return { milliseconds, megabytes }
}

function bareNode(): number {
  const begin = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  return performance.now() - begin
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

function print(name: string, starts: readonly Started[]): void {
  const milliseconds = median(starts.map(each => each.milliseconds))
  const megabytes = median(starts.map(each => each.megabytes))
  console.log(`${name} ${milliseconds.toFixed(0)} ms, then idle with ${megabytes.toFixed(0)} MB (median of ${RUNS})`)
}

async function underLoad(service: ChildProcess): Promise<void> {
  const seconds = Number(values.seconds)
  const { perSecond } = await measure({ port, chains: CHAINS, seconds, warmUpSeconds: 0, cpuTime: () => 0 })
  const megabytes = residentMegabytes(service.pid ?? 0)
  console.log(`after ${seconds} s with ${perSecond.toFixed(0)} refreshes/s: ${megabytes.toFixed(0)} MB`)
}

try {
  const first = await start(shipped)
  console.log(`first start ${first.milliseconds.toFixed(0)} ms`)
  const starts = []
  const bare = []
  const besides = []
  for (let run = 0; run < RUNS; run += 1) {
    bare.push(bareNode())
    starts.push(await start(shipped))
    if (values.fastify) besides.push(await start(['--input-type=module', '-e', emptyFastify]))
  }
  console.log(`a bare node: ${median(bare).toFixed(0)} ms`)
  if (values.fastify) print('an empty Fastify service:', besides)
  print('later starts', starts)
  await addAccountsBefore(environment)
  await start(shipped, underLoad)
} finally {
  remove()
}
