/** Resource services that verify alike, each in a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { api } from '../support/serve.ts'

const program = fileURLToPath(new URL('../programs/verifier-process.ts', import.meta.url))

function startProcess(t: Test, issuer: string, clientId: string | undefined) {
  // Without the loader that tap puts into NODE_OPTIONS.
  const child = spawn(
    'env',
    ['-u', 'NODE_OPTIONS', process.execPath, program, issuer, api, ...(clientId ? [clientId] : [])],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const closed = once(child, 'close').then(([code]) => {
    throw new Error(`A resource service ended with ${code}.`)
  })
  // Reported to whoever waits for an answer; at the end nobody does.
  closed.catch(() => undefined)
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return async (command: string): Promise<unknown> => {
    child.stdin.write(`${command}\n`)
    const { value = '' } = await Promise.race([lines.next(), closed])
    return JSON.parse(value)
  }
}

/**
 * Starts one after the other, so that none takes from another the time in which the token service has to answer.
 * @param clientOf the client as which each exchanges API keys
 */
export async function startVerifiers(t: Test, issuer: string, count: number, clientOf?: (started: number) => string) {
  const processes: ReturnType<typeof startProcess>[] = []
  for (let started = 0; started < count; started += 1) {
    const send = startProcess(t, issuer, clientOf?.(started))
    await send('ready')
    processes.push(send)
  }
  const all = (command: string): Promise<unknown[]> => Promise.all(processes.map(send => send(command)))
  return {
    /** Moves the time of each of them. */
    advance: (ms: number) => all(`advance ${ms}`),
    /** What became of a token at each of them, and how often. */
    verify: (token: string, times = 1) => all(`verify ${token} ${times}`),
    /** The same of an API key. */
    verifyKey: (key: string, times = 1) => all(`verify-key ${key} ${times}`),
  }
}
