import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Terminal } from './terminal.ts'

export interface ServeService {
  /** Answers the names of the migrations that ran. */
  migrate(): Promise<readonly string[]>
  serve(): Promise<{ stop(): Promise<void> }>
}

export const migrateCommand = (services: () => ServeService, { answer }: Terminal): CommandUnknownOpts =>
  new Command('migrate')
    .description('bring the database schema up to date (serve does so by itself)')
    .option('--json', 'print JSON')
    .action(async options => {
      const migrations = await services().migrate()
      const line = migrations.length === 0 ? 'The schema is up to date' : `Ran ${migrations.join(', ')}`
      answer({ migrations }, [line], options)
    })

/** Resolves when the service was told to stop and every request in flight is answered. */
export const serveCommand = (services: () => ServeService): CommandUnknownOpts =>
  new Command('serve').description('run the service').action(async () => {
    const stopped = new Promise<void>(resolve => {
      process.once('SIGTERM', () => resolve())
      process.once('SIGINT', () => resolve())
    })
    const service = await services().serve()
    await stopped
    await service.stop()
  })
