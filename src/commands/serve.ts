import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Logger } from 'pino'
import { examples } from './help.ts'

export interface ServeService {
  readonly log: Pick<Logger, 'warn'>
  serve(): Promise<{ readonly lost: Promise<Error>; stop(how: { readonly isUrgent: boolean }): Promise<void> }>
}

/** What operators, terminals, init systems and container engines send to end a server. */
const endings = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const
/** What programs that write their own log files are sent to open them anew. By themselves both would end the process. */
const meaningless = ['SIGUSR1', 'SIGUSR2'] as const

/** Resolves at the first signal. The next one, of whatever kind, finds no listener and ends the process at once. */
const toldToStop = (): Promise<void> =>
  new Promise(resolve => {
    const stop = () => {
      for (const signal of endings) process.off(signal, stop)
      resolve()
    }
    for (const signal of endings) process.on(signal, stop)
  })

const HELP = `
It runs until SIGTERM or Ctrl-C. The first start makes the database and the
signing keys. Environment variables configure it; the main ones, with their
defaults:

  SIGNET_ISSUER           its public URL (http://127.0.0.1:3000)
  SIGNET_HOST             the address to listen on (127.0.0.1)
  SIGNET_PORT             the public port (3000)
  SIGNET_MANAGEMENT_PORT  health, metrics and API reference (9090)
  SIGNET_DATABASE_URL     file:… or postgres://… (file:db/signet.sqlite)
  SIGNET_KEYS_DIR         the directory of the private signing keys (keys)
  SIGNET_LOG_LEVEL        fatal, error, warn, info, debug or trace (info)

'signet config' shows all that are in force and where each comes from;
docs/configuration.md explains every one.
${examples('signet serve', 'SIGNET_PORT=8080 SIGNET_MANAGEMENT_PORT=9091 signet serve')}`

/** Resolves when the service was told to stop and every request in flight is answered. */
export const serveCommand = (services: () => ServeService): CommandUnknownOpts =>
  new Command('serve')
    .description('run the service')
    .addHelpText('after', HELP)
    .action(async () => {
      const stopped = toldToStop()
      const { log, serve } = services()
      for (const signal of meaningless)
        process.on(signal, () => log.warn({ signal }, 'the signal means nothing here, and was ignored'))
      const service = await serve()
      const reason = await Promise.race([stopped, service.lost])
      await service.stop({ isUrgent: reason !== undefined })
      if (reason !== undefined) throw reason
    })
