import { Command } from '@commander-js/extra-typings'
import { answer, type Services } from './context.ts'

export const migrateCommand = (services: Services): Command =>
  new Command('migrate')
    .description('bring the database schema up to date (serve does so by itself)')
    .option('--json', 'print JSON')
    .action(async options => {
      const migrations = await services.migrate()
      const line = migrations.length === 0 ? 'The schema is up to date' : `Ran ${migrations.join(', ')}`
      answer({ migrations }, [line], options)
    }) as unknown as Command

/** Resolves when the service was told to stop and every request in flight is answered. */
export const serveCommand = (services: Services): Command =>
  new Command('serve').description('run the service').action(async () => {
    const stopped = new Promise<void>(resolve => {
      process.once('SIGTERM', () => resolve())
      process.once('SIGINT', () => resolve())
    })
    const service = await services.serve()
    await stopped
    await service.stop()
  })
