/** The command line as scripts use it: under --json, with the answers parsed and the refusals looked at closely. */
import { Readable, Writable } from 'node:stream'
import { WriteStream } from 'node:tty'
import type { Test } from 'tap'
import packageJson from '../../package.json' with { type: 'json' }
import type { Clock } from '../../src/clock.ts'
import { runProgram } from '../../src/commands/program.ts'
import { createContainer } from '../../src/compose/container.ts'
import type { Faults } from '../../src/compose/sources.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { fastHasher } from './fast-hasher.ts'
import type { Ran } from './process.ts'
import { environmentOf, temporaryFolder } from './serve.ts'

/** Commands that run at once. */
const WIDTH = 6

function collector() {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  return { stream, text: () => text }
}

/**
 * Runs `signet …words`, with passwords that cost nothing, in the process of the test; process.ts has it in one of its own.
 * @param isTTY whether somebody sits there, who types the input
 * @param columns of the terminal that shows what is printed; 0: it goes into pipes
 */
export async function signet(
  environment: Readonly<Record<string, string>>,
  words: readonly string[],
  input: string | Uint8Array = '',
  clock?: Clock,
  faults: Faults = {},
  isTTY = false,
  columns = 0,
): Promise<Ran> {
  const [stdout, stderr] = [collector(), collector()]
  const { getColorDepth } = WriteStream.prototype
  for (const { stream } of columns > 0 ? [stdout, stderr] : [])
    Object.assign(stream, { isTTY: true, columns, getColorDepth })
  // Whoever types sends line by line.
  const typed = isTTY
    ? String(input)
        .split(/(?<=\n)/)
        .map(line => Buffer.from(line))
    : [Buffer.from(input)]
  const io = { stdin: Readable.from(typed), stdout: stdout.stream, stderr: stderr.stream, isTTY }
  const sources = { faults: { hasher: () => fastHasher, ...faults }, logTo: stdout.stream, ...(clock && { clock }) }
  const open = () => createContainer(readConfig(environment), sources)
  const code = await runProgram({ open, io, version: packageJson.version }, words)
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

export const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

export interface Refused {
  readonly words: readonly string[]
  readonly input?: string | Uint8Array
  readonly code: 1 | 2
  /** What standard error says. */
  readonly says: RegExp
}

/** Behind the noun and the verb, so that a `--` among the words does not hide it. */
const withJson = (words: readonly string[]): readonly string[] => words.toSpliced(2, 0, '--json')

/** Runs `work` for each item, a few at a time. */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < items.length; from += WIDTH)
    results.push(...(await Promise.all(items.slice(from, from + WIDTH).map(work))))
  return results
}

/** The environment of a database that was made for the test, and is empty. */
async function madeFor(t: Test, clock?: Clock) {
  const environment = await environmentOf(temporaryFolder(t))
  const { code, stderr } = await signet(environment, ['migrate'], '', clock)
  if (code !== 0) throw new Error(stderr)
  return environment
}

/** Commands on a database of the test's own, or on that of `environment`, by the clock of the test if it has one. */
export async function commandLine(
  t: Test,
  environment?: Readonly<Record<string, string>>,
  clock?: Clock,
  faults?: Faults,
) {
  const full = environment ?? (await madeFor(t, clock))
  const run = (words: readonly string[], input?: string | Uint8Array): Promise<Ran> =>
    signet(full, words, input, clock, faults)

  /** What standard output says when the command is done. */
  async function text(words: readonly string[], input?: string | Uint8Array): Promise<string> {
    const { code, stdout, stderr } = await run(words, input)
    if (code !== 0) throw new Error(`signet ${words.join(' ')} ended with ${code}: ${stdout}${stderr}`)
    return stdout
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  const json = async (words: readonly string[], input?: string | Uint8Array): Promise<any> =>
    JSON.parse(await text(withJson(words), input))

  /** A refusal has its exit code and a reason for people, answers nothing, and repeats neither a secret nor a stack. */
  async function refuses(cases: readonly Refused[]): Promise<void> {
    await inParallel(cases, async ({ words, input, code, says }) => {
      const ran = await run(withJson(words), input)
      // Neither a terminal nor the report of the tests is to read what a case is made of.
      const title = `signet ${words.join(' ')}`.slice(0, 100).replace(/[^\x20-\x7E]/g, '?')
      t.same([ran.code, ran.stdout], [code, ''], `${title}: ${ran.stderr}`)
      t.match(ran.stderr, says, title)
      t.notMatch(ran.stderr, /^ {4}at /m, `${title}: no stack`)
      if (typeof input === 'string' && input.trim() !== '')
        t.notOk(ran.stderr.includes(input.trim()), `${title}: no echo`)
    })
  }

  return { environment: full, run, text, json, refuses }
}
