/** Goes on with changes of many sessions whose command was cut short. */
import type { Logger } from 'pino'
import type { Cascades } from '../oauth/sessions/cascades.ts'
import { type Background, periodically } from './periodically.ts'

/** What has not moved between two looks is taken up: within a second. */
const EVERY_MS = 500

export const createCascadeWatch = ({ takeUp }: Pick<Cascades, 'takeUp'>, log: Logger): Background =>
  periodically(EVERY_MS, takeUp, error => {
    if (error === undefined) log.info('changes of many sessions are looked for again')
    else
      log.warn(
        { err: error },
        'it could not be looked for changes of many sessions that were cut short; it is tried again',
      )
  })
