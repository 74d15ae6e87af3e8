/** Looks whether the database's files are still those that this process has open. When they are not, it can't go on. */
import type { Logger } from 'pino'
import { type Background, periodically } from './periodically.ts'

const EVERY_MS = 1000

export interface FileWatch extends Background {
  /** Resolves when the service has to end, with the reason for the operator. */
  readonly lost: Promise<Error>
  /** What it does every second. */
  look(): Promise<void>
}

export function createFileWatch(dependencies: {
  readonly files: { assertUntouched(): void; rescue(): Promise<string | undefined> } | undefined
  readonly log: Logger
}): FileWatch {
  const { files, log } = dependencies
  const { promise: lost, resolve } = Promise.withResolvers<Error>()
  let isOver = files === undefined

  async function end(error: Error): Promise<void> {
    isOver = true
    const rescued = await files?.rescue().catch((reason: unknown) => {
      log.error({ err: reason }, 'what the files of the database had could not be saved')
      return undefined
    })
    const message = [error.message, rescued].filter(part => part !== undefined).join(' ')
    log.fatal(message)
    resolve(Object.assign(error, { message }))
  }

  async function look(): Promise<void> {
    if (isOver) return
    try {
      files?.assertUntouched()
    } catch (error) {
      await end(error as Error)
    }
  }

  return { ...periodically(EVERY_MS, look, () => {}), lost, look }
}
