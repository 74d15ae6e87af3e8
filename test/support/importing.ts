/** `signet users import` on a database of the test's own, and what is in it afterwards. */
import { mkdirSync } from 'node:fs'
import type { Test } from 'tap'
import { commandLine } from './command-line.ts'
import { select } from './sqlite.ts'

/** By bcrypt at its lowest cost. */
export const password = 'correct horse battery staple 9'
export const hash = '$2b$04$D4AXMguoz84A3j5TifxZluWRL1nFsObMvWqxgaeG1w2wGe07xghdS'

type Line = Readonly<Record<string, unknown>> | string

export const linesOf = (lines: readonly Line[]): string =>
  lines.map(line => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')

export interface Imported {
  readonly code: number | null
  // biome-ignore lint/suspicious/noExplicitAny: as for every answer of the command line
  readonly answer: any
  readonly stderr: string
}

export async function importing(t: Test, environment?: Readonly<Record<string, string>>) {
  const its = await commandLine(t, environment)
  // As after a first start: a rename needs the keys of the audit.
  mkdirSync(its.environment['SIGNET_KEYS_DIR'] ?? '', { recursive: true, mode: 0o700 })
  const databaseFile = (its.environment['SIGNET_DATABASE_URL'] ?? '').replace(/^file:/, '')

  /** The lines as standard input. */
  async function run(lines: readonly Line[], ...options: readonly string[]): Promise<Imported> {
    const { code, stdout, stderr } = await its.run(['users', 'import', '-', '--json', ...options], linesOf(lines))
    return { code, answer: stdout === '' ? undefined : JSON.parse(stdout), stderr }
  }

  return {
    ...its,
    databaseFile,
    import: run,
    /** What is refused, with the reason: none of the others. */
    refused: async (lines: readonly Line[], ...options: readonly string[]): Promise<readonly string[]> => {
      const { answer } = await run(lines, ...options)
      return answer.refused.map(({ line, reason }: { line: number; reason: string }) => `${line} ${reason}`)
    },
    /** All that is known of users. */
    rows: () => select(databaseFile, 'select * from users order by id'),
  }
}
