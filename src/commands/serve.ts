import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'

export interface ServeService {
  serve(): Promise<{ readonly lost: Promise<Error>; stop(): Promise<void> }>
}

/** Resolves when the service was told to stop and every request in flight is answered. */
export const serveCommand = (services: () => ServeService): CommandUnknownOpts =>
  new Command('serve').description('run the service').action(async () => {
    const stopped = new Promise<void>(resolve => {
      process.once('SIGTERM', () => resolve())
      process.once('SIGINT', () => resolve())
    })
    const service = await services().serve()
    const reason = await Promise.race([stopped, service.lost])
    await service.stop()
    if (reason !== undefined) throw reason
  })
