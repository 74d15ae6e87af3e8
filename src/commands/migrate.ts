import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Terminal } from './terminal.ts'

export interface MigrateService {
  /** Answers the migrations that ran, and what each does, if it says so. */
  migrate(): Promise<readonly { readonly name: string; readonly description: string | undefined }[]>
}

export const migrateCommand = (services: () => MigrateService, { answer }: Terminal): CommandUnknownOpts =>
  new Command('migrate')
    .description('bring the database schema up to date (serve does so by itself)')
    .option('--json', 'print JSON')
    .action(async options => {
      const ran = await services().migrate()
      const lines = ran.map(({ name, description }) => (description ? `Ran ${name}: ${description}` : `Ran ${name}`))
      if (lines.length === 0) lines.push('The schema is up to date')
      answer({ migrations: ran.map(({ name }) => name) }, lines, options)
    })
