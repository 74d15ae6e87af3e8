import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { notFound } from '../accounts/rules.ts'
import type { SessionManagement } from '../oauth/sessions/session-management.ts'
import { MOST_LISTED } from '../records/limits.ts'
import type { ListedSession, SessionFilter } from '../records/session.ts'
import { describeSession } from '../representations/session.ts'
import type { ClientsService } from './clients.ts'
import { examples } from './help.ts'
import { shortUserAgent } from './printable.ts'
import { type Column, table, WIDE } from './table.ts'
import { operator, type Terminal, UsageError, YES } from './terminal.ts'
import type { TimeService } from './times.ts'
import type { UsersService } from './users.ts'
import { countAlive, endingSessions, inWords } from './what-goes.ts'

/** Made when it is asked for. */
export interface SessionsService {
  sessionManagement(): Promise<SessionManagement>
}

type Services = SessionsService & UsersService & ClientsService & TimeService

const columns: readonly Column<ListedSession>[] = [
  { head: 'ID', cell: ({ id }) => id },
  { head: 'USER', cell: ({ username }) => username, flexible: 'cut' },
  { head: 'CLIENT', cell: ({ clientId }) => clientId, flexible: 'cut' },
  { head: 'CREATED', cell: ({ createdAtMs }, time) => time(createdAtMs), wide: true },
  { head: 'LAST USED', cell: ({ lastUsedAtMs }, time) => time(lastUsedAtMs) },
  { head: 'ADDRESS', cell: ({ address }) => address ?? '' },
  { head: 'FORWARDED BY', cell: ({ forwardedBy }) => forwardedBy ?? '', wide: true },
  { head: 'USER AGENT', cell: ({ userAgent }) => shortUserAgent(userAgent), wide: true },
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
  const sessions = new Command('sessions')
    .description('where users are signed in')
    .addHelpText('after', examples('signet sessions list --user alice', 'signet sessions revoke --user alice'))

  sessions
    .command('list')
    .description(`list the sessions that are alive, the last used first, at most ${MOST_LISTED}`)
    .argument('[id]', 'the session')
    .option('--user <name>', 'only those of this user')
    .option('--client <id>', 'only those through this client')
    .option('--wide', WIDE)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet sessions list --user alice'))
    .action(async (id, { wide, ...options }) => {
      const filter = await filterOf(services, id, options)
      const all = await (await services().sessionManagement()).list(filter)
      answer(all.map(describeSession), table(columns, all, { nowMs: services().clock.now(), wide }), options)
      if (id !== undefined && all.length === 0) remark('There is no such session. Those of a user: --user NAME')
      if (all.length >= MOST_LISTED) remark(`No more than ${MOST_LISTED} are shown: narrow it with --user or --client`)
    })

  sessions
    .command('revoke')
    .description(
      'end sessions, with their refresh and access tokens; give an id, --user or --client; of several, all must hold',
    )
    .argument('[id]', 'the session')
    .option('--user <name>', 'all of this user')
    .option('--client <id>', 'all through this client')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'signet sessions revoke session_019a2b',
        'signet sessions revoke --user alice',
        'signet sessions revoke --user alice --client blog --yes',
      ),
    )
    .action(async (id, options) => {
      if (id === undefined && options.user === undefined && options.client === undefined)
        throw new UsageError('Say which sessions: an id, --user or --client.')
      const filter = await filterOf(services, id, options)
      await confirm(async () => {
        const alive = await countAlive(services(), filter)
        return alive.signIns + alive.machines === 0 ? undefined : `This ends ${inWords(endingSessions(alive))}.`
      }, options)
      const revoked = await (await services().sessionManagement()).end(filter, 'revoked_by_operator', operator())
      if (id !== undefined && revoked === 0) throw notFound('session')
      answer({ revoked }, [`Revoked ${revoked} ${revoked === 1 ? 'session' : 'sessions'}`], options)
    })

  return sessions
}
