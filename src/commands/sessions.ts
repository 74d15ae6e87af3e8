import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { notFound } from '../accounts/rules.ts'
import { isoTime } from '../clock.ts'
import type { SessionManagement } from '../oauth/sessions/session-management.ts'
import { MOST_LISTED } from '../records/limits.ts'
import type { ListedSession, SessionFilter } from '../records/session.ts'
import { describeSession } from '../representations/session.ts'
import type { ClientsService } from './clients.ts'
import { shortUserAgent } from './printable.ts'
import { table } from './table.ts'
import { operator, type Terminal, UsageError, YES } from './terminal.ts'
import type { UsersService } from './users.ts'
import { countSessions } from './what-goes.ts'

/** Made when it is asked for. */
export interface SessionsService {
  sessionManagement(): Promise<SessionManagement>
}

type Services = SessionsService & UsersService & ClientsService

const head = ['ID', 'USER', 'CLIENT', 'CREATED', 'LAST USED', 'ADDRESS', 'USER AGENT']

/** Of a forwarded one, who says it, too. */
const addressOf = ({ address, forwardedBy }: ListedSession): string =>
  forwardedBy === null ? (address ?? '') : `${address} by ${forwardedBy}`

const toRow = (session: ListedSession): string[] => [
  session.id,
  session.username,
  session.clientId,
  isoTime(session.createdAtMs),
  isoTime(session.lastUsedAtMs),
  addressOf(session),
  shortUserAgent(session.userAgent),
]

interface Asked {
  readonly user?: string | undefined
  readonly client?: string | undefined
}

/** @throws AccountError when there is no such user or client */
async function filterOf(services: () => Services, sessionId: string | undefined, asked: Asked): Promise<SessionFilter> {
  const user = asked.user === undefined ? undefined : await (await services().users()).find(asked.user)
  const client = asked.client === undefined ? undefined : await (await services().clients()).find(asked.client)
  return { sessionId, subjectId: user?.userId, clientId: client?.id }
}

export function sessionsCommand(services: () => Services, { answer, remark, confirm }: Terminal): CommandUnknownOpts {
  const sessions = new Command('sessions').description('where users are signed in')

  sessions
    .command('list')
    .description(`list the sessions that are alive, the one used last first, at most ${MOST_LISTED}; --json shows more`)
    .argument('[id]', 'the session')
    .option('--user <name>', 'those of this user')
    .option('--client <id>', 'those through this client')
    .option('--json', 'print JSON')
    .action(async (id, options) => {
      const filter = await filterOf(services, id, options)
      const all = await (await services().sessionManagement()).list(filter)
      answer(all.map(describeSession), () => table(head, all.map(toRow)), options)
      if (all.length >= MOST_LISTED) remark(`No more than ${MOST_LISTED} are shown: narrow it with --user or --client`)
    })

  sessions
    .command('revoke')
    .description(
      'end sessions, with their refresh tokens and their access tokens; needs an id, --user or --client, and together all must be true',
    )
    .argument('[id]', 'the session')
    .option('--user <name>', 'those of this user')
    .option('--client <id>', 'those through this client')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (id, options) => {
      if (id === undefined && options.user === undefined && options.client === undefined)
        throw new UsageError('Say which sessions: an id, --user or --client.')
      const filter = await filterOf(services, id, options)
      await confirm(async () => `What ends for good: ${await countSessions(services(), filter)}.`, options)
      const revoked = await (await services().sessionManagement()).end(filter, 'revoked_by_operator', operator())
      if (id !== undefined && revoked === 0) throw notFound('session')
      answer({ revoked }, [`Revoked ${revoked} ${revoked === 1 ? 'session' : 'sessions'}`], options)
    })

  return sessions
}
