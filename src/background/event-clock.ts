/** Ends the minutes of the events that are counted (../audit/recorder.ts). */
import type { Logger } from 'pino'
import type { EventRecorder } from '../audit/recorder.ts'
import { type Background, periodically } from './periodically.ts'

const EVERY_MS = 1000

export const createEventClock = ({ tick }: Pick<EventRecorder, 'tick'>, log: Logger): Background =>
  periodically(EVERY_MS, tick, error => {
    if (error !== undefined) log.warn({ err: error }, 'repeated audit events could not be counted')
  })
