/** How a command is asked and how it answers, by the streams of its caller. */
import { once } from 'node:events'
import { userInfo } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { Provenance } from '../records/audit-event.ts'
import { createProgress } from './progress.ts'
import { createQuestions } from './questions.ts'
import { secretIn } from './secret-text.ts'
import { unbrokenCommands, wrap } from './text-width.ts'

type Screen = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** The streams of a process, or of a test. */
export interface Io {
  readonly stdin: Readable
  /** At a terminal, `columns` is its width. */
  readonly stdout: Screen
  /** `isTTY`: whether somebody sees it at once; then `columns` is its width. */
  readonly stderr: Screen
  /** Whether somebody sits at standard input. */
  readonly isTTY: boolean
}

export type Colour = 'bold' | 'green' | 'red' | 'yellow'

/** What shows the lines for people. */
export interface Display {
  /** Columns that a line may take: those of the terminal, or 80. */
  readonly width: number
  /** Colours are for a terminal that shows them: NO_COLOR and FORCE_COLOR are asked there. */
  paint(colour: Colour, text: string): string
}

/** Lines that depend on it. */
export type Lines = (display: Display) => readonly string[]

export interface Terminal {
  readonly stdin: Readable
  /** Whether somebody sits there who can be asked. */
  readonly isTTY: boolean
  /**
   * Prints what a command answers: one JSON value, or the lines for people.
   * @param lines a function, where they are many or depend on the display
   */
  answer(value: object, lines: readonly string[] | Lines, options: { readonly json?: true | undefined }): void
  readonly display: Display
  /**
   * Says on standard error what somebody should know who reads the answer, or why there is none; under --json, too. A terminal gets it
   * in lines that fit, and commands whole; a log or a search gets it as it is.
   */
  remark(text: string): void
  /** Prints what is too much to be held at once, no faster than somebody reads it. */
  stream(texts: AsyncIterable<string>): Promise<void>
  /** Says on standard error how far a long change is. @param share of the whole, from 0 to 1, where that is known: it is drawn at a terminal */
  tellProgress(done: number, share?: number): void
  /**
   * A secret from standard input (secret-text.ts); at a terminal it is typed, twice, and not shown.
   * @param flag the option that makes standard input the source
   * @param prepare made only where it is asked for: first it finds what would be refused whatever is typed
   * @throws UsageError when it is neither piped nor can be asked for, or is not one line of text; Interrupted; Refused
   */
  readSecret(
    name: string,
    flag: string,
    fromStandardInput: true | undefined,
    prepare: () => Promise<SecretQuestion>,
  ): Promise<string>
  /**
   * Before something is destroyed: says what goes and asks, where somebody sits at a terminal and has not said --yes.
   * @param what a sentence, made only when it is asked; undefined: nothing goes, and nobody is asked
   * @throws Refused when the answer is anything but y or yes; Interrupted
   */
  confirm(
    what: () => string | undefined | Promise<string | undefined>,
    options: { readonly yes?: true | undefined },
  ): Promise<void>
}

export interface SecretQuestion {
  /** Whose, and what it must be: `Password for alice (15 to 256 characters)`. */
  readonly question: string
  /** Why it can't be taken: then it is asked for again. */
  problemOf(secret: string): Promise<string | undefined> | string | undefined
}

/** For `--yes`. */
export const YES = 'do not ask first, as without a terminal'

/** Whoever has mistyped so often looks for another way. */
const MOST_TRIES = 3

/** A mistake in the call that the parser can't see: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The answer says it all already: exit code 1. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** The answer says what is to be done: exit code 3. */
export class Due extends Error {
  override readonly name = 'Due'
}

export function operator(): Provenance {
  return { actor: `operator:${accountName()}`, address: null, userAgent: null, requestId: null }
}

function accountName(): string {
  try {
    return userInfo().username
  } catch {
    // A container's uid need not have a name.
    return `uid ${process.getuid?.()}`
  }
}

/** Whoever reads may have read enough: what is being changed is not left half done for that. */
async function untilDrained(stream: Writable): Promise<void> {
  if (stream.destroyed) return
  const over = new AbortController()
  const end = () => over.abort()
  stream.once('close', end).once('error', end)
  await once(stream, 'drain', { signal: over.signal }).catch(() => undefined)
  stream.off('close', end).off('error', end)
}

const LEAST_WIDTH = 80

const widthOf = ({ isTTY, columns }: Screen): number => Math.max(LEAST_WIDTH, (isTTY && columns) || 0)

function displayOf(stdout: Screen): Display {
  const isShown = stdout.isTTY === true
  return {
    width: widthOf(stdout),
    paint: (colour, text) => (isShown ? styleText(colour, text, { stream: stdout }) : text),
  }
}

export function createTerminal({ stdin, stdout, stderr, isTTY }: Io): Terminal {
  const progress = createProgress(stderr)
  const display = displayOf(stdout)
  const questions = createQuestions({ stdin, stderr })

  async function readStandardInput(name: string): Promise<string> {
    const secret = secretIn(Buffer.concat(await stdin.toArray()))
    if ('problem' in secret) throw new UsageError(`The ${name} on standard input ${secret.problem}`)
    return secret.text
  }

  function remark(text: string): void {
    progress.clear()
    const fits = (line: string) =>
      stderr.isTTY ? wrap(unbrokenCommands(line), widthOf(stderr), /^ */.exec(line)?.[0], 'keep') : [line]
    stderr.write(`${text.split('\n').flatMap(fits).join('\n')}\n`)
  }

  /** Answers the secret, or what is wrong with it. */
  async function typed(
    name: string,
    { question, problemOf }: SecretQuestion,
  ): Promise<{ readonly text: string } | { readonly problem: string }> {
    const secret = secretIn(Buffer.from(await questions.askHidden(`${question}: `)))
    if ('problem' in secret) return { problem: `The ${name} ${secret.problem}` }
    const problem = await problemOf(secret.text)
    if (problem !== undefined) return { problem }
    const again = await questions.askHidden(`The same ${name} again: `)
    return again === secret.text ? secret : { problem: `The two entries of the ${name} differ.` }
  }

  async function prompt(name: string, asked: SecretQuestion): Promise<string> {
    for (let tries = 1; ; tries += 1) {
      const secret = await typed(name, asked)
      if ('text' in secret) return secret.text
      const isLast = tries === MOST_TRIES
      remark(`${secret.problem} ${isLast ? 'Nothing was done.' : 'Try again.'}`)
      if (isLast) throw new Refused('')
    }
  }

  return {
    stdin,
    isTTY,
    display,
    answer(value, lines, { json }) {
      progress.clear()
      const printed = json === true ? [JSON.stringify(value)] : typeof lines === 'function' ? lines(display) : lines
      stdout.write(printed.map(line => `${line}\n`).join(''))
    },
    remark,
    async stream(texts) {
      for await (const text of texts) {
        progress.clear()
        if (!stdout.write(text)) await untilDrained(stdout)
      }
      progress.clear()
    },
    tellProgress: progress.tell,
    async readSecret(name, flag, fromStandardInput, prepare) {
      if (isTTY) return prompt(name, await prepare())
      if (fromStandardInput) return readStandardInput(name)
      throw new UsageError(`Give the ${name} on standard input with ${flag}, or run this in a terminal.`)
    },
    async confirm(what, { yes }) {
      if (!isTTY || yes) return
      const sentence = await what()
      if (sentence === undefined) return
      remark(sentence)
      if (/^y(es)?$/i.test((await questions.ask('Go on? [y/N] ')).trim())) return
      remark('Nothing was done.')
      throw new Refused('')
    },
  }
}
