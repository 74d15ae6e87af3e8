/** Files of definitions, on the standard input of commands. */
import type { commandLine } from './command-line.ts'

type CommandLine = Awaited<ReturnType<typeof commandLine>>

/** JSON is YAML: a test writes what it needs. */
export const textOf = (definitions: object | string): string =>
  typeof definitions === 'string' ? definitions : JSON.stringify(definitions)

export const DRY_RUN = ['apply', '--dry-run', '-']
export const APPLY = ['apply', '-']

export const applying = ({ json, run }: Pick<CommandLine, 'json' | 'run'>) => ({
  apply: (definitions: object | string) => json(APPLY, textOf(definitions)),
  async dryRun(definitions: object | string) {
    const { code, stdout, stderr } = await run([...DRY_RUN, '--json'], textOf(definitions))
    return { code, stderr, ...JSON.parse(stdout) }
  },
  /** What there is, as definitions. */
  exported: () => json(['export']),
})
