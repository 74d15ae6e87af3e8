/** Runs the real program in a process of its own, as an operator would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { signet } from './command-line.ts'
import { isOpenToAll } from './folders-of-run.ts'
import { environmentOf, request } from './serve.ts'

const main = fileURLToPath(new URL('../../src/signet.mjs', import.meta.url))

/** Whom a process belongs to; only root can say so. */
export interface User {
  readonly uid?: number
  readonly gid?: number
}

/** For `skip`, where programs run as somebody else, who must be able to read them. */
export const cannotRunAsOthers = (): string | false =>
  (process.getuid?.() !== 0 && 'only root can run a program as somebody else') ||
  (!isOpenToAll(main) && 'nobody but root can read this checkout')

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const finished = (child: ChildProcess, input: string | Uint8Array): Promise<Ran> =>
  new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', '']
    child.stdout?.on('data', chunk => (stdout += chunk))
    child.stderr?.on('data', chunk => (stderr += chunk))
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
    // Who is refused reads nothing.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })

const SERVING = '"msg":"serving"'

/** Longer than a command takes, or the start of a service. */
const LONGEST_MS = 120_000

/** Runs `signet …words` and waits for its end; one that hangs is killed. */
export const signetProcess = (
  environment: Readonly<Record<string, string>>,
  words: readonly string[],
  input: string | Uint8Array = '',
  as: User = {},
  nodeArguments: readonly string[] = [],
  file = main,
): Promise<Ran> => {
  const child = program(words, environment, nodeArguments, as, file)
  const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS)
  return finished(child, input).finally(() => clearTimeout(late))
}

/** Runs `signet …words` for somebody who reads nothing of its answer. */
export function signetUnread(environment: Readonly<Record<string, string>>, words: readonly string[]): Promise<Ran> {
  const child = program(words, environment)
  child.stdout.destroy()
  return finished(child, '')
}

/** Starts `signet …words`, which does not end by itself. */
export function startCommand(t: Test, environment: Readonly<Record<string, string>>, words: readonly string[]) {
  const child = program(words, environment)
  const ran = finished(child, '')
  let stdout = ''
  child.stdout.on('data', chunk => (stdout += chunk))
  t.teardown(() => child.kill('SIGKILL'))
  return {
    stdout: () => stdout,
    /** Nobody reads its answer any more. */
    close: () => child.stdout.destroy(),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    ran,
  }
}

/** `env -u`: tap puts its own loader into NODE_OPTIONS at every spawn, which the program must not see, nor wait for. */
const program = (
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  nodeArguments: readonly string[] = [],
  as: User = {},
  file = main,
) =>
  spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, ...nodeArguments, file, ...words], {
    ...as,
    env: { ...inherited(), ...environment },
  })

/** The surroundings of this process, without a configuration that a developer's shell may hold. */
export const inherited = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SIGNET_')))

/** Starts `signet serve` in `folder` and waits until it serves; `nodeArguments` may preload a fault. */
export async function spawnService(
  t: Test,
  folder: string,
  environment: Readonly<Record<string, string>> = {},
  nodeArguments: readonly string[] = [],
  as: User = {},
) {
  const full = { ...(await environmentOf(folder)), ...environment }
  const issuer = full['SIGNET_ISSUER'] ?? `http://127.0.0.1:${full['SIGNET_PORT']}`
  let log = ''

  async function start(): Promise<ChildProcess> {
    const child = program(['serve'], full, nodeArguments, as)
    const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS)
    const serving = new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        // The words may come in two chunks, or early in a large one.
        const from = Math.max(0, log.length - SERVING.length)
        log += chunk
        if (log.includes(SERVING, from)) resolve()
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.once('exit', (code, signal) =>
        reject(new Error(`signet serve ended with ${code ?? signal}:\n${log.slice(-2000)}`)),
      )
    })
    await serving.finally(() => clearTimeout(late))
    return child
  }

  const end = (process: ChildProcess, signal: NodeJS.Signals) =>
    new Promise<number | null>(resolve => {
      if (process.exitCode !== null || process.signalCode !== null) return resolve(process.exitCode)
      process.once('exit', code => resolve(code))
      process.kill(signal)
    })

  let child = await start()
  t.teardown(() => end(child, 'SIGKILL'))
  return {
    issuer,
    management: `http://127.0.0.1:${full['SIGNET_MANAGEMENT_PORT']}`,
    environment: full,
    log: () => log,
    pid: () => child.pid ?? 0,
    cli: (words: readonly string[], input: string | Uint8Array = '') => signetProcess(full, words, input),
    /** What has to be there before, from the process of the test, which takes a tenth of the time. */
    async prepare(words: readonly string[], input = '') {
      const { code, stdout, stderr } = await signet(full, words, input, undefined, { hasher: argon2id => argon2id })
      if (code !== 0) throw new Error(stdout + stderr)
    },
    token: (form: Readonly<Record<string, string>>, client?: readonly [string, string]) =>
      request(`${issuer}/oauth/token`, { form, ...(client && { client }) }),
    /** Nobody reads its log any more: what it writes stays in the pipe. */
    stopReading: () => void child.stdout?.pause(),
    /** Ends the process and answers its exit code. */
    stop: (signal: NodeJS.Signals = 'SIGTERM') => end(child, signal),
    start: async () => {
      log = ''
      child = await start()
    },
  }
}
