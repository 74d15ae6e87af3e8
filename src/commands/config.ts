import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { type Column, table, WIDE } from './table.ts'
import type { Terminal } from './terminal.ts'
import type { TimeService } from './times.ts'

interface Setting {
  readonly name: string
  /** Without what is secret in it. */
  readonly value: string
  readonly source: 'default' | 'environment' | 'file'
  readonly file: string | undefined
}

export interface ConfigService extends TimeService {
  /** In the order of the documentation. */
  readonly settings: readonly Setting[]
}

const describeSetting = ({ name, value, source, file }: Setting) => ({
  ...{ name, value, source },
  ...(file !== undefined && { file }),
})

const columns: readonly Column<Setting>[] = [
  { head: 'VARIABLE', cell: ({ name }) => name },
  { head: 'VALUE', cell: ({ value }) => value, flexible: 'wrap' },
  {
    head: 'SOURCE',
    cell: ({ source, file }) => (file === undefined ? source : `${source} ${file}`),
    flexible: 'wrap',
  },
]

export const configCommand = (services: () => ConfigService, { answer }: Terminal): CommandUnknownOpts =>
  new Command('config')
    .description('show the configuration that is in force and where each value comes from; secrets are masked')
    .option('--wide', WIDE)
    .option('--json', 'print JSON')
    .action(({ wide, json }) => {
      const { settings, clock } = services()
      answer(settings.map(describeSetting), table(columns, settings, { nowMs: clock.now(), wide }), { json })
    })
