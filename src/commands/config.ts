import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

interface Setting {
  readonly name: string
  /** Without what is secret in it. */
  readonly value: string
  readonly source: 'default' | 'environment' | 'file'
  readonly file: string | undefined
}

export interface ConfigService {
  /** In the order of the documentation. */
  readonly settings: readonly Setting[]
}

const describeSetting = ({ name, value, source, file }: Setting) => ({
  ...{ name, value, source },
  ...(file !== undefined && { file }),
})

const toRow = ({ name, value, source, file }: Setting): string[] => [
  name,
  value,
  file === undefined ? source : `${source} ${file}`,
]

export const configCommand = (services: () => ConfigService, { answer }: Terminal): CommandUnknownOpts =>
  new Command('config')
    .description('show the configuration that is in force, and where each value comes from; secrets are masked')
    .option('--json', 'print JSON')
    .action(options => {
      const { settings } = services()
      answer(settings.map(describeSetting), table(['VARIABLE', 'VALUE', 'SOURCE'], settings.map(toRow)), options)
    })
