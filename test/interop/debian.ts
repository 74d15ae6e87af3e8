/** A Debian in a folder of its own, and what runs in it. DEBIAN_12 and DEBIAN_13 name the folders. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'

/** One that hangs is ended. */
const LONGEST_MS = 180_000

/** A test that takes too long, or is interrupted, is ended without its teardown, and what runs here is in groups of its own. */
const ends = new Set<() => void>()
const endAll = () => {
  for (const end of ends) end()
}
process.once('exit', endAll)
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    endAll()
    process.kill(process.pid, signal)
  })

export interface Ran {
  readonly code: number | null
  /** Standard output and standard error, as they came. */
  readonly output: string
}

/** @param release for example 12 */
export function inDebian(t: Test, release: 12 | 13) {
  const root = process.env[`DEBIAN_${release}`] ?? ''
  const outside = mkdtempSync(join(root, 'tmp', 'test-'))
  // Servers give up their rights, and must still come in.
  chmodSync(outside, 0o755)
  t.teardown(() => rmSync(outside, { recursive: true, force: true }))
  /** A folder for this test alone, as programs inside see it. */
  const folder = outside.slice(root.length)

  function begin(command: string, words: readonly string[]) {
    const child = spawn('chroot', [root, command, ...words], { detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended.
      }
    }
    t.teardown(end)
    ends.add(end)
    child.once('close', () => ends.delete(end))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
    const ended = new Promise<Ran>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', code => resolve({ code, output }))
    })
    child.stdin.on('error', () => {})
    return { child, end, ended, output: () => output }
  }

  return {
    folder,
    /** Writes a file into the folder. @returns its path inside */
    write(name: string, text: string, mode = 0o644): string {
      const path = join(outside, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text, { mode })
      chmodSync(path, mode)
      return join(folder, name)
    },
    /** Runs a command to its end. */
    async run(command: string, words: readonly string[], input: string | Buffer = ''): Promise<Ran> {
      const { child, end, ended } = begin(command, words)
      const late = setTimeout(end, LONGEST_MS)
      child.stdin.end(input)
      return ended.finally(() => clearTimeout(late))
    },
    /** Starts a server, which ends with the test. It has to stay in the foreground: what leaves its process group is not ended. */
    start(command: string, words: readonly string[]) {
      const { child, end, ended, output } = begin(command, words)
      ended.catch(() => undefined)
      return { output, end, ended, signal: (name: NodeJS.Signals) => child.kill(name) }
    },
  }
}

export type Debian = ReturnType<typeof inDebian>
