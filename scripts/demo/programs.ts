/** The programs of the demo: each in a process of its own, as an operator would start it, and none of them outlives the demo. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const checkout = fileURLToPath(new URL('../..', import.meta.url))

type Environment = Readonly<Record<string, string>>

export interface RunningProgram {
  /** Resolves when the program says `word` and a GET of `url` has success. @throws when it ends before */
  answers(url: string, word: string): Promise<void>
  /** Settles when the program ends; with an error, which has the end of what it wrote, when that was no good end. */
  readonly ended: Promise<void>
  /** Resolves when it has ended. */
  stop(): Promise<void>
}

/** The surroundings of this process, without a configuration that a developer's shell may hold. */
const surroundings = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SIGNET_') && name !== 'NODE_OPTIONS'),
  )

const answersWithSuccess = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )

export function createPrograms() {
  const children = new Set<ChildProcess>()
  let isStopping = false

  function launch(file: string, words: readonly string[], environment: Environment) {
    if (isStopping) throw new Error('The demo is being stopped.')
    const child = spawn(process.execPath, [file, ...words], {
      cwd: checkout,
      env: { ...surroundings(), ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    children.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        output = (output + chunk).slice(-4096)
      })
    }
    /** Resolves when it ends by itself and well. @throws with the end of what it wrote */
    const closed = once(child, 'close').then(([code, signal]) => {
      children.delete(child)
      const how = signal === null ? `with ${code}` : `by ${signal}`
      if (code !== 0) throw new Error(`${file} ${words.join(' ')} ended ${how}:\n${output}`)
    })
    // Heard by whoever waits for it; at the end nobody does.
    closed.catch(() => undefined)
    return { child, closed, hasSaid: (word: string) => output.includes(word) }
  }

  return {
    /** @param input for standard input. @throws when the exit code is not 0 */
    async run(file: string, words: readonly string[], environment: Environment, input = ''): Promise<void> {
      const { child, closed } = launch(file, words, environment)
      child.stdin.end(input)
      await closed
    },

    start(file: string, words: readonly string[], environment: Environment): RunningProgram {
      const { child, closed, hasSaid } = launch(file, words, environment)
      child.stdin.end()
      return {
        ended: closed,
        async stop() {
          child.kill('SIGTERM')
          await closed.catch(() => undefined)
        },
        async answers(url, word) {
          // Before it has said so, another program may have the port.
          const isThere = async () => hasSaid(word) && answersWithSuccess(url)
          const gone = closed.then(() => Promise.reject(new Error(`${file} ended.`)))
          while (!(await Promise.race([gone, isThere()]))) await setTimeout(50)
        },
      }
    },

    async stop(): Promise<void> {
      isStopping = true
      const ends = [...children].map(child => once(child, 'close'))
      for (const child of children) child.kill('SIGTERM')
      await Promise.all(ends)
    },
  }
}
