import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Terminal } from './terminal.ts'

/** Opens nothing: it works whatever is wrong elsewhere. */
export const versionCommand = (version: string, { answer }: Pick<Terminal, 'answer'>): CommandUnknownOpts =>
  new Command('version')
    .description('print the version; with --json, that of Node, too')
    .option('--json', 'print JSON')
    .action(options => answer({ version, node: process.version }, [version], options))
