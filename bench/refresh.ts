/**
 * Refresh grants per second at 64 chains, each following its own rotation, beside what the machine's `openssl speed rsa2048`
 * signs per second on one core in the same run. The service runs as it ships: its own process, SQLite, full durability.
 * Without the signature: how long a refresh keeps the main thread.
 *
 *     npm run bench:refresh                 # on one core and on two
 *     npm run bench:refresh -- --seconds 20
 *     npm run bench:refresh -- --signature none
 *     npm run bench:refresh -- --signature none --against ../the-commit-before
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { addAccountsBefore } from './accounts.ts'
import { opensslSignatures } from './limits.ts'
import { measure } from './refresh/load.ts'
import { compareMainThread } from './refresh/main-thread.ts'
import { cpuTime, endService, prepareService, startService } from './service.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    chains: { type: 'string', default: '64' },
    signature: { type: 'string', default: 'real' },
    /** The folder of another checkout, to take turns with. */
    against: { type: 'string' },
  },
})
const { signature, against } = values
const load = { port: 34567, chains: Number(values.chains), seconds: Number(values.seconds) }

async function run(environment: ReturnType<typeof prepareService>['environment'], cores: string): Promise<void> {
  const before = opensslSignatures('0')
  const child = await startService(environment, cores)
  const { perSecond, cpuMicroseconds, p50, p99 } = await measure({ ...load, cpuTime: () => cpuTime(child.pid ?? 0) })
  await endService(child)
  const signatures = (before + opensslSignatures('0')) / 2
  const columns = [
    `server on core ${cores}`.padEnd(20),
    `${perSecond.toFixed(0)} refreshes/s`,
    `${cpuMicroseconds.toFixed(0)} µs of processor each`,
    `p50 ${p50.toFixed(1)} ms`,
    `p99 ${p99.toFixed(1)} ms`,
    `openssl ${signatures.toFixed(0)} signatures/s of one core`,
    `ratio ${(perSecond / signatures).toFixed(2)}`,
  ]
  console.log(columns.join('   '))
}

async function besideOpenssl(cores: number): Promise<void> {
  const { environment, remove } = prepareService(load.port)
  try {
    await addAccountsBefore(environment)
    await run(environment, '0')
    if (cores > 1) await run(environment, '0,1')
  } finally {
    remove()
  }
}

const cores = availableParallelism()
// The load runs on the last core, so that on a machine with two the one-core figure is undisturbed.
execFileSync('taskset', ['-acp', String(cores - 1), String(process.pid)], { stdio: 'ignore' })
if (signature === 'none') await compareMainThread(load, against && resolve(against))
else if (signature === 'real' && against === undefined) await besideOpenssl(cores)
else throw new Error('--signature is real or none, and --against needs none.')
