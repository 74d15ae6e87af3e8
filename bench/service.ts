/** A service of the benchmark's own: an empty folder for database and keys, and ports that nothing else uses. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/signet.mjs', import.meta.url))

/** As `npm start` runs it. */
export const shipped = ['--disable-sigusr1', '--max-semi-space-size=4', main, 'serve']

/** Of whom it is known why they end. */
const ending = new WeakSet<ChildProcess>()

/** Whoever needs longer for its start or its end hangs. */
const LONGEST_MS = 60_000

export type Environment = Readonly<Record<string, string | undefined>>

/** The surroundings of this process, without a configuration that a shell may hold, nor what a test runner loads into every process. */
export const surroundings = (): Environment =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SIGNET_') && name !== 'NODE_OPTIONS'),
  )

export function prepareService(port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'signet-bench-'))
  return {
    environment: {
      ...surroundings(),
      NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
      SIGNET_PORT: String(port),
      SIGNET_MANAGEMENT_PORT: String(port + 1),
      SIGNET_DATABASE_URL: `file:${join(folder, 'signet.sqlite')}`,
      SIGNET_KEYS_DIR: join(folder, 'keys'),
      // One user stands for many.
      SIGNET_SESSION_LIMIT: '1000',
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/**
 * Starts the service in a process of its own and waits until it serves.
 * @param cores as taskset takes them; all of them when not given
 * @param program the service as it ships when not given
 * @throws when it ends, or does not serve in time; then it is gone
 */
export function startService(environment: Environment, cores?: string, program = shipped): Promise<ChildProcess> {
  // `env -u`: a test runner adds its loader at every spawn.
  const words = ['-u', 'NODE_OPTIONS', ...(cores ? ['taskset', '-c', cores] : []), process.execPath, ...program]
  const child = spawn('env', words, { env: { ...surroundings(), ...environment } })
  let log = ''
  const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS)
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => {
      clearTimeout(late)
      const error = new Error(`the service ended with ${code ?? signal}:\n${log}`)
      reject(error)
      // It served already, and whoever waits for an answer learns nothing of why none comes.
      if (code !== 0 && !ending.has(child)) console.error(error.message)
    })
    child.stderr.pipe(process.stderr)
    child.stdout.on('data', chunk => {
      log = (log + chunk).slice(-4096)
      if (!log.includes('"msg":"serving"')) return
      clearTimeout(late)
      resolve(child)
    })
  })
}

/** Resolves when the process is gone. @throws when it had to be killed because it did not end by itself */
export const endService = (child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> =>
  new Promise((resolve, reject) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    ending.add(child)
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`The service did not end within ${LONGEST_MS / 1000} s of ${signal}.`))
    }, LONGEST_MS)
    child.once('exit', () => {
      clearTimeout(late)
      resolve()
    })
    child.kill(signal)
  })

/** Processor time so far, in microseconds (proc(5): utime and stime in clock ticks of 10 ms). */
function usedTime(statFile: string): number {
  const fields = readFileSync(statFile, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** Of all threads. */
export const cpuTime = (pid: number): number => usedTime(`/proc/${pid}/stat`)

/** Resident memory in MB (proc(5), VmRSS). */
export const residentMegabytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** Of the thread that runs JavaScript: not of the thread pool, nor of the helpers of the runtime. */
export const mainThreadTime = (pid: number): number => usedTime(`/proc/${pid}/task/${pid}/stat`)
