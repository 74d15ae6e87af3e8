/** Ends the minutes of the events that are counted (../audit/recorder.ts). */
import type { Logger } from 'pino'
import type { EventRecorder } from '../audit/recorder.ts'
import { type Background, periodically } from './periodically.ts'

const EVERY_MS = 1000

/** To be stopped after all that records events: it writes what is left of them. */
export function createEventClock({ tick, flush }: Pick<EventRecorder, 'tick' | 'flush'>, log: Logger): Background {
  const clock = periodically(EVERY_MS, tick, error => {
    if (error === undefined) log.info('audit events of refused requests can be written again')
    else log.warn({ err: error }, 'audit events of refused requests wait until the database can be written')
  })
  return {
    start: clock.start,
    async stop() {
      await clock.stop()
      await flush().catch(error => log.error({ err: error }, 'audit events of refused requests are lost'))
    },
  }
}
