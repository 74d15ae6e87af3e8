import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Terminal } from './terminal.ts'

export interface MigrateService {
  /** Answers the names of the migrations that ran. */
  migrate(): Promise<readonly string[]>
}

export const migrateCommand = (services: () => MigrateService, { answer }: Terminal): CommandUnknownOpts =>
  new Command('migrate')
    .description('bring the database schema up to date (serve does so by itself)')
    .option('--json', 'print JSON')
    .action(async options => {
      const migrations = await services().migrate()
      const line = migrations.length === 0 ? 'The schema is up to date' : `Ran ${migrations.join(', ')}`
      answer({ migrations }, [line], options)
    })
