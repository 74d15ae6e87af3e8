/** Asks the database twice a second what others did, in one question, and gives the answer to whatever has to do something then. */
import type { Logger } from 'pino'
import type { Pulse } from '../records/pulse.ts'
import type { Continuity } from './continuity.ts'
import { type Background, periodically } from './periodically.ts'
import type { Listener } from './when-needed.ts'

const EVERY_MS = 500

export function createPulse(dependencies: {
  readonly take: () => Promise<Pulse>
  readonly continuity: Pick<Continuity, 'goesOn'>
  readonly listeners: readonly Pick<Listener, 'hear'>[]
  readonly log: Logger
}): Background {
  const { take, continuity, listeners, log } = dependencies

  async function round(): Promise<void> {
    const pulse = await take()
    if (await continuity.goesOn(pulse)) for (const { hear } of listeners) hear(pulse)
  }

  return periodically(EVERY_MS, round, error => {
    if (error === undefined) log.info('the database tells again what others do')
    else log.error({ err: error }, 'the database does not tell what others do; it is asked again twice a second')
  })
}
