/**
 * Refresh grants per second at 64 chains, each following its own rotation, beside what the machine's `openssl speed rsa2048`
 * signs per second on one core in the same run. The service runs as it ships: its own process, SQLite, full durability.
 *
 *     npm run bench                 # on one core and on two
 *     npm run bench -- --seconds 20
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { addAccountsBefore, refreshForm, signInForm } from './accounts.ts'
import { type Connection, openConnection } from './connection.ts'
import { cpuTime, endService, prepareService, startService } from './service.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, chains: { type: 'string', default: '64' } },
})
const seconds = Number(values.seconds)
const chains = Number(values.chains)
/** Until the compiler of the runtime has seen what is hot. */
const WARM_UP_SECONDS = 30

const port = 34567
const { environment, remove } = prepareService(port)
async function signIn(): Promise<{ connection: Connection; token: string }> {
  const connection = await openConnection(port)
  const { body } = await connection.post('/oauth/token', signInForm())
  return { connection, token: tokenOf(body) }
}

function tokenOf(body: string): string {
  const token = JSON.parse(body).refresh_token
  if (typeof token !== 'string') throw new Error(`no refresh token: ${body}`)
  return token
}

interface Measured {
  readonly perSecond: number
  /** Processor time of the service for one refresh. */
  readonly cpuMicroseconds: number
  readonly p50: number
  readonly p99: number
}

/** Lets every chain follow its own rotation until the time is over. */
async function measure(pid: number): Promise<Measured> {
  const sessions = []
  for (let index = 0; index < chains; index += 1) sessions.push(await signIn())
  const durations: number[] = []
  const begin = performance.now() + WARM_UP_SECONDS * 1000
  const end = begin + seconds * 1000
  let cpuBefore = 0
  setTimeout(() => {
    cpuBefore = cpuTime(pid)
  }, WARM_UP_SECONDS * 1000)
  await Promise.all(
    sessions.map(async ({ connection, token }) => {
      let current = token
      for (let sent = performance.now(); sent < end; ) {
        current = tokenOf((await connection.post('/oauth/token', refreshForm(current))).body)
        const now = performance.now()
        if (sent >= begin && now < end) durations.push(now - sent)
        sent = now
      }
    }),
  )
  const cpuMicroseconds = (cpuTime(pid) - cpuBefore) / durations.length
  durations.sort((a, b) => a - b)
  const quantile = (share: number) => durations[Math.floor(durations.length * share)] ?? Number.NaN
  return { perSecond: durations.length / seconds, cpuMicroseconds, p50: quantile(0.5), p99: quantile(0.99) }
}

/** RSA-2048 signatures per second of one core, by OpenSSL's own benchmark. */
function opensslSignatures(): number {
  const options = ['-c', '0', 'openssl', 'speed', '-seconds', '3', '-mr', 'rsa2048']
  const report = execFileSync('taskset', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  // +F2:<index>:<bits>:<signatures per second>:<verifications per second>
  return Number(/^\+F2:\d+:2048:([\d.]+)/m.exec(report)?.[1])
}

async function run(cores: string): Promise<void> {
  const before = opensslSignatures()
  const child = await startService(environment, cores)
  const { perSecond, cpuMicroseconds, p50, p99 } = await measure(child.pid ?? 0)
  await endService(child)
  const signatures = (before + opensslSignatures()) / 2
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

try {
  await addAccountsBefore(environment)
  const cores = availableParallelism()
  // The load runs on the last core, so that on a machine with two the one-core figure is undisturbed.
  execFileSync('taskset', ['-acp', String(cores - 1), String(process.pid)], { stdio: 'ignore' })
  await run('0')
  if (cores > 1) await run('0,1')
} finally {
  remove()
}
