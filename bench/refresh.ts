/**
 * Refresh grants per second at 64 chains, each following its own rotation, beside what the machine's `openssl speed rsa2048`
 * signs per second on one core in the same run. The service runs as it ships: its own process, SQLite, full durability.
 *
 *     npm run bench                 # on one core and on two
 *     npm run bench -- --seconds 20
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { main, prepareService } from './service.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, chains: { type: 'string', default: '64' } },
})
const seconds = Number(values.seconds)
const chains = Number(values.chains)
/** Until the compiler of the runtime has seen what is hot. */
const WARM_UP_SECONDS = 30

const port = 34567
const { environment, remove } = prepareService(port)
const password = 'a quiet river runs north'

const signet = (...words: string[]) =>
  execFileSync(process.execPath, [main, ...words], { env: environment, input: password })

/** Starts the service on the given cores and waits until it serves. */
function start(cores: string): Promise<ChildProcess> {
  const child = spawn('taskset', ['-c', cores, process.execPath, main, 'serve'], { env: environment })
  return new Promise((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the service ended with ${code}`)))
    child.stderr.pipe(process.stderr)
    child.stdout.on('data', chunk => {
      if (String(chunk).includes('"msg":"serving"')) resolve(child)
    })
  })
}

const stop = (child: ChildProcess) =>
  new Promise<void>(resolve => {
    child.removeAllListeners('exit').once('exit', () => resolve())
    child.kill('SIGTERM')
  })

/** One connection that is kept open; a hand-made client, so that the load costs little beside what it measures. */
function openConnection(): Promise<(form: string) => Promise<string>> {
  const socket: Socket = connect(port, '127.0.0.1').setNoDelay(true)
  let received = ''
  let answer: ((body: string) => void) | undefined
  socket.setEncoding('latin1').on('data', chunk => {
    received += chunk
    const end = received.indexOf('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1])
    if (end === -1 || received.length < end + 4 + length) return
    const body = received.slice(end + 4)
    received = ''
    answer?.(body)
  })
  const post = (form: string) =>
    new Promise<string>(resolve => {
      answer = resolve
      const head = `POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n`
      socket.write(`${head}Content-Length: ${form.length}\r\n\r\n${form}`)
    })
  return new Promise(resolve => socket.once('connect', () => resolve(post)))
}

async function signIn(): Promise<{ post: (form: string) => Promise<string>; token: string }> {
  const post = await openConnection()
  const form = new URLSearchParams({ grant_type: 'password', username: 'bench', password, client_id: 'bench' })
  return { post, token: tokenOf(await post(form.toString())) }
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

/** Processor time that a process has used, in microseconds (proc(5): utime and stime in clock ticks of 10 ms). */
function cpuTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
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
    sessions.map(async ({ post, token }) => {
      let current = token
      for (let sent = performance.now(); sent < end; ) {
        current = tokenOf(await post(`grant_type=refresh_token&client_id=bench&refresh_token=${current}`))
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
  const child = await start(cores)
  const { perSecond, cpuMicroseconds, p50, p99 } = await measure(child.pid ?? 0)
  await stop(child)
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
  signet('roles', 'add', 'reader', '--permission', 'posts:read')
  signet('users', 'add', 'bench', '--role', 'reader', '--password-stdin')
  const grants = ['--grant', 'password', '--grant', 'refresh_token']
  signet('clients', 'add', 'bench', '--public', ...grants, '--scope', '*', '--audience', 'https://api.example.com')
  const cores = availableParallelism()
  // The load runs on the last core, so that on a machine with two the one-core figure is undisturbed.
  execFileSync('taskset', ['-acp', String(cores - 1), String(process.pid)], { stdio: 'ignore' })
  await run('0')
  if (cores > 1) await run('0,1')
} finally {
  remove()
}
