/** What somebody at a terminal is asked: a line that is shown, or one that is not. */
import { type Readable, Writable } from 'node:stream'

/** Whoever was asked said no more: nothing was done. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  /** Whether it was Ctrl-C; else the input ended, as by Ctrl-D. */
  readonly isSignal: boolean

  constructor(isSignal: boolean) {
    super('Nothing was done.')
    this.isSignal = isSignal
  }
}

export interface Questions {
  /** @throws Interrupted */
  ask(question: string): Promise<string>
  /** The same, and what is typed is not shown. */
  askHidden(question: string): Promise<string>
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() })

export function createQuestions({
  stdin,
  stderr,
}: {
  readonly stdin: Readable
  readonly stderr: Writable & { readonly isTTY?: boolean }
}): Questions {
  /** Afterwards the terminal is as it was before: Ctrl-C ends the command, and what is typed is shown. */
  async function line(question: string, output: Writable, terminal: boolean): Promise<string> {
    if (stdin.readableEnded) {
      stderr.write(question)
      throw new Interrupted(false)
    }
    const { createInterface } = await import('node:readline')
    const lines = createInterface({ input: stdin, output, terminal, historySize: 0 })
    return new Promise((resolve, reject) => {
      lines.once('line', typed => {
        resolve(typed)
        // At once: what is typed behind it is for the next question.
        lines.close()
      })
      lines.once('SIGINT', () => {
        reject(new Interrupted(true))
        lines.close()
      })
      lines.once('close', () => reject(new Interrupted(false)))
      // By now a terminal shows no more of what is typed than `output` does.
      if (output !== stderr) stderr.write(question)
      lines.setPrompt(question)
      lines.prompt()
    })
  }

  return {
    ask: question =>
      line(question, stderr, stderr.isTTY === true).catch(error => {
        stderr.write('\n')
        throw error
      }),
    async askHidden(question) {
      try {
        return await line(question, nowhere(), true)
      } finally {
        // The key that ended the line was not shown either.
        stderr.write('\n')
      }
    },
  }
}
