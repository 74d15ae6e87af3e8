import { Command } from '@commander-js/extra-typings'
import { notFound } from '../accounts/rules.ts'
import { isoTime } from '../clock.ts'
import { describeSession } from '../oauth/sessions/session-management.ts'
import type { ListedSession, SessionFilter } from '../records/session.ts'
import { answer, operator, type Services, table, UsageError } from './context.ts'

const toJson = (session: ListedSession) => {
  const { id, ...rest } = describeSession(session)
  return { id, user_id: session.userId, username: session.username, ...rest }
}

const head = ['ID', 'USER', 'CLIENT', 'CREATED', 'LAST USED', 'ADDRESS', 'USER AGENT']
const LONGEST_USER_AGENT = 40

const toRow = (session: ListedSession): string[] => [
  session.id,
  session.username,
  session.clientId,
  isoTime(session.createdAtMs),
  isoTime(session.lastUsedAtMs),
  session.address ?? '',
  // Whoever signs in writes it: a terminal must not obey it.
  (session.userAgent ?? '').replace(/[^\x20-\x7E]/g, '?').slice(0, LONGEST_USER_AGENT),
]

interface Asked {
  readonly user?: string | undefined
  readonly client?: string | undefined
}

/** @throws AccountError when there is no such user or client */
async function whichOf(services: Services, sessionId: string | undefined, asked: Asked): Promise<SessionFilter> {
  const user = asked.user === undefined ? undefined : await (await services.users()).find(asked.user)
  const client = asked.client === undefined ? undefined : await (await services.clients()).find(asked.client)
  return { sessionId, userId: user?.userId, clientId: client?.id }
}

export function sessionsCommand(services: Services): Command {
  const sessions = new Command('sessions').description('where users are signed in')

  sessions
    .command('list')
    .description('list the sessions that are alive, the one used last first; --json shows more')
    .argument('[id]', 'the session')
    .option('--user <name>', 'those of this user')
    .option('--client <id>', 'those through this client')
    .option('--json', 'print JSON')
    .action(async (id, options) => {
      const which = { ...(await whichOf(services, id, options)), all: true } as const
      const all = await (await services.sessions()).list(which)
      answer(all.map(toJson), () => table(head, all.map(toRow)), options)
    })

  sessions
    .command('revoke')
    .description(
      'end sessions, with their refresh tokens and their access tokens; needs an id, --user or --client, and together all must be true',
    )
    .argument('[id]', 'the session')
    .option('--user <name>', 'those of this user')
    .option('--client <id>', 'those through this client')
    .option('--json', 'print JSON')
    .action(async (id, options) => {
      if (id === undefined && options.user === undefined && options.client === undefined)
        throw new UsageError('Say which sessions: an id, --user or --client.')
      const which = await whichOf(services, id, options)
      const revoked = await (await services.sessions()).end(which, 'revoked_by_operator', operator())
      if (id !== undefined && revoked === 0) throw notFound('session')
      answer({ revoked }, [`Revoked ${revoked} ${revoked === 1 ? 'session' : 'sessions'}`], options)
    })

  return sessions as unknown as Command
}
