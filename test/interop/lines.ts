/** A program that answers every line of its standard input with a line of JSON. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

/** Starts it and answers what asks it one thing. It is ended after the test. */
export function startLines<T>(t: Test, program: string, words: readonly string[] = []): (line?: string) => Promise<T> {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)
  const gone = once(child, 'close').then(([code]) => {
    throw new Error(`${program} ended with ${code}`)
  })
  // Reported to whoever waits for a line; at the end nobody does.
  gone.catch(() => undefined)
  return async (line = '') => {
    const answer = once(lines, 'line')
    child.stdin.write(`${line}\n`)
    const [text] = await Promise.race([answer, gone])
    return JSON.parse(text)
  }
}
