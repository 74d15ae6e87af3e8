/** Notices what other processes have revoked: a command beside the service, or another instance. */
import type { Logger } from 'pino'
import type { StatusListPublisher } from '../oauth/status-list/publisher.ts'
import { type Background, periodically } from './periodically.ts'

/** With the pause between two documents, a revocation is shown within 300 ms. */
const EVERY_MS = 50

export const createRevocationWatch = (statusLists: Pick<StatusListPublisher, 'poll'>, log: Logger): Background =>
  periodically(EVERY_MS, statusLists.poll, error => {
    if (error === undefined) log.info('the database tells of revocations again')
    else log.warn({ err: error }, 'the database does not tell what other processes have revoked')
  })
