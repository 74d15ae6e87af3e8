/** Notes beside the keys how many writes the database has seen: an older copy that is put back is known by that. */
import type { Logger } from 'pino'
import type { RestoreGuard } from '../maintenance/restore.ts'
import { type Background, periodically } from './periodically.ts'

const EVERY_MS = 1000

export interface WriteNotes extends Background {
  /** What it does every second. */
  tick(): Promise<void>
}

export function createWriteNotes({ noteWrites }: Pick<RestoreGuard, 'noteWrites'>, log: Logger): WriteNotes {
  const onError = (error: unknown) => {
    if (error === undefined) log.info('what the database has written is noted beside the keys again')
    else log.error({ err: error }, 'how much the database has written cannot be noted beside the keys')
  }
  const tick = () => noteWrites().catch(onError)
  return { ...periodically(EVERY_MS, noteWrites, onError), tick }
}
