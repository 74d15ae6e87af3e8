/** Goes on with changes of many sessions whose command was cut short. */
import type { Logger } from 'pino'
import type { Cascades } from '../oauth/sessions/cascades.ts'
import { type Listener, whenNeeded } from './when-needed.ts'

/** What has not moved between two looks is taken up: within a second. */
export const createCascadeWatch = ({ takeUp }: Pick<Cascades, 'takeUp'>, log: Logger): Listener =>
  whenNeeded(
    ({ hasCascades }) => hasCascades,
    takeUp,
    error => {
      if (error === undefined) log.info('changes of many sessions are looked for again')
      else
        log.warn(
          { err: error },
          'it could not be looked for changes of many sessions that were cut short; it is tried again',
        )
    },
  )
