/** Runs scripts of test/programs/ in processes of their own, which begin their work at the same moment. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const READY = 'ready'

/** Called by a script when it is prepared; resolves when all of them are. */
export async function untilAllAreReady(): Promise<void> {
  process.stdout.write(`${READY}\n`)
  process.stdin.resume()
  await once(process.stdin, 'end')
}

/** Called by a script of `startRounds` when it is prepared: does `work` in each round, and tells the test its outcome, one line. */
export async function forEachRound(work: () => Promise<string>): Promise<void> {
  process.stdout.write(`${READY}\n`)
  for await (const _ of createInterface(process.stdin)) process.stdout.write(`${await work()}\n`)
}

export interface Part {
  readonly process: ChildProcess
  /** Calls back for each line of standard output. */
  onLine(listen: (line: string) => void): void
  onNextLine(listen: (line: string) => void): void
  /** How it ended, with what it wrote to standard error. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }>
}

export interface Start {
  readonly words?: readonly string[]
  /** In addition to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts `script` once for each of `starts`, and resolves when the last one is prepared. */
async function prepare(t: Test, script: string, starts: readonly Start[]) {
  const file = fileURLToPath(new URL(`../programs/${script}`, import.meta.url))
  const started = starts.map(({ words = [], environment = {} }) => {
    // Without the loader that tap puts into NODE_OPTIONS, for which each start would wait.
    const command = ['-u', 'NODE_OPTIONS', process.execPath, file, ...words]
    const child = spawn('env', command, { env: { ...process.env, ...environment } })
    const ended = Promise.withResolvers<Awaited<Part['ended']>>()
    let stderr = ''
    child.stderr.on('data', chunk => (stderr += chunk))
    child.on('error', ended.reject)
    child.on('close', (code, signal) => ended.resolve({ code, signal, stderr }))
    t.teardown(() => child.kill('SIGKILL'))
    const lines = createInterface(child.stdout)
    const ready = new Promise<void>(resolve => lines.on('line', line => line === READY && resolve()))
    const part: Part = {
      process: child,
      onLine: listen => void lines.on('line', listen),
      onNextLine: listen => void lines.once('line', listen),
      ended: ended.promise,
    }
    return { child, part, prepared: Promise.race([ready, ended.promise]) }
  })
  await Promise.all(started.map(({ prepared }) => prepared))
  return started
}

/** Starts `script` once for each of `starts`, and lets all of them go when the last one is prepared. */
export async function startTogether(t: Test, script: string, starts: readonly Start[]): Promise<Part[]> {
  const started = await prepare(t, script, starts)
  for (const { child } of started) child.stdin.end()
  return started.map(({ part }) => part)
}

/** Starts `script` once for each of `starts`; they do their work again and again, in rounds that begin at the same moment. */
export async function startRounds(t: Test, script: string, starts: readonly Start[]) {
  const started = await prepare(t, script, starts)
  return {
    /** Answers what each of them told at its end. @throws when one of them is gone */
    round: (): Promise<string[]> =>
      Promise.all(
        started.map(async ({ child, part }) => {
          const told = new Promise<string>(resolve => part.onNextLine(resolve))
          child.stdin.write('go\n')
          const gone = part.ended.then(({ code, stderr }) => Promise.reject(new Error(`ended with ${code}: ${stderr}`)))
          return Promise.race([told, gone])
        }),
      ),
    /** Lets them end, and answers how they did. */
    async end() {
      for (const { child } of started) child.stdin.end()
      return Promise.all(started.map(({ part }) => part.ended))
    },
  }
}
