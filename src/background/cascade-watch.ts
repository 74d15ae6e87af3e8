/** Goes on with changes of many sessions whose command was cut short. */
import type { Logger } from 'pino'
import type { Cascades } from '../oauth/sessions/cascades.ts'
import { type Background, periodically } from './periodically.ts'

/** What has not moved between two looks is taken up: within a second. */
const EVERY_MS = 500

export const createCascadeWatch = ({ takeUp }: Pick<Cascades, 'takeUp'>, log: Logger): Background =>
  periodically(EVERY_MS, takeUp, error => {
    if (error === undefined) log.info('changes of many sessions go on again')
    else log.warn({ err: error }, 'a change of many sessions that was cut short could not go on; it is tried again')
  })
