/** Programs of somebody else's, as processes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

/** Starts a program that is gone after the test. `env -u`: the test runner would put its loader into it. */
export function start(t: Test, folder: string, command: readonly string[], env = process.env): ChildProcess {
  const child = spawn('env', ['-u', 'NODE_OPTIONS', ...command], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** @returns the next line of what it prints, each time; throws with what it complained of when there is none */
export function linesOf(child: ChildProcess): () => Promise<string> {
  let complaints = ''
  child.stderr?.on('data', chunk => (complaints += chunk))
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await lines.next()
    if (!done) return value
    await ended
    throw new Error(`The program ended: ${complaints}`)
  }
}

/** Resolves when a program has said something with these words in it. */
export const heard = (child: ChildProcess, words: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = ''
    const hear = (chunk: Buffer) => {
      said += chunk
      if (said.includes(words)) resolve()
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('close', () => reject(new Error(`The program ended: ${said}`)))
  })
