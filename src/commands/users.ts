import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Users } from '../accounts/users.ts'
import { MOST_LISTED } from '../records/limits.ts'
import { type Status, statuses } from '../records/standing.ts'
import type { UserWithRoles } from '../records/user.ts'
import { describeUser } from '../representations/user.ts'
import type { AuditService } from './audit.ts'
import { labelled, listed } from './labelled.ts'
import { describeSignIn, findLastSignIn, linesOfSignIn } from './last-sign-in.ts'
import { collect, HIGHEST_LIMIT, oneOf, wholeNumber } from './options.ts'
import type { RolesService } from './roles.ts'
import { type Column, table, WIDE } from './table.ts'
import { operator, type Terminal, YES } from './terminal.ts'
import { fullTime, type TimeService } from './times.ts'
import { type ImportService, usersImportCommand } from './users-import.ts'
import { countApiKeys, countSessions, type GoingServices, goesWith } from './what-goes.ts'

/** Made when it is asked for. */
export interface UsersService {
  users(): Promise<Users>
}

type Services = UsersService & RolesService & GoingServices & ImportService & AuditService & TimeService

const REUSE_NAME =
  'the name may be one that another user had: a mailbox, or what else is kept by name, goes over to this one'

const columns: readonly Column<UserWithRoles>[] = [
  { head: 'NAME', cell: ({ username }) => username, flexible: 'cut' },
  { head: 'ID', cell: ({ userId }) => userId, wide: true },
  { head: 'STATUS', cell: ({ status }) => status, isStatus: true },
  { head: 'ROLES', cell: ({ roles }) => roles.join(', '), flexible: 'wrap' },
  { head: 'CREATED', cell: ({ createdAtMs }, time) => time(createdAtMs) },
]

const toLine = (user: UserWithRoles): string =>
  `${user.username}  ${user.userId}  ${user.status}  ${user.roles.join(', ') || '(no roles)'}`

export function usersCommand(services: () => Services, terminal: Terminal): CommandUnknownOpts {
  const { answer, remark, readSecret, confirm } = terminal
  const users = new Command('users').description('the people who sign in')

  users
    .command('add')
    .description('add a user')
    .argument('<name>', 'the name to sign in with')
    .option('--password-stdin', 'read the password from standard input instead of asking for it')
    .option('--role <role>', 'a role to give; may be repeated', collect)
    .option('--reuse-name', REUSE_NAME)
    .option('--json', 'print JSON')
    .action(async (username, options) => {
      const password = await readSecret('password', '--password-stdin', options.passwordStdin)
      const { role: roles = [], reuseName: reusesName } = options
      const user = await (await services().users()).add({ username, password, roles, reusesName }, operator())
      answer(describeUser(user), [`Added ${toLine(user)}`], options)
    })

  users
    .command('list')
    .description(`list the users who are not deleted, by name; at most ${MOST_LISTED} without --limit`)
    .option('--search <text>', 'those with this in their names, in whatever letter case')
    .option('--status <status>', `those who are ${statuses.join(', ')}`, oneOf(statuses))
    .option('--role <role>', 'those who have this role')
    .option('--imported', 'those who still have the password hash of another system')
    .option('--limit <number>', `as many at most, from 1 to ${HIGHEST_LIMIT}`, wholeNumber(1, HIGHEST_LIMIT))
    .option('--wide', WIDE)
    .option('--json', 'print JSON')
    .action(async ({ search, status, role, imported: hasImportedHash, limit = MOST_LISTED, wide, json }) => {
      if (role !== undefined) await (await services().roles()).find(role)
      const all = await (await services().users()).list({ namePart: search, status, role, hasImportedHash }, limit)
      answer(all.map(describeUser), table(columns, all, { nowMs: services().clock.now(), wide }), { json })
      if (all.length >= limit) remark(`No more than ${limit} are shown: narrow it, or give a higher --limit`)
    })

  users
    .command('show')
    .description('show a user, and the last sign-in: when, from where and through which client')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action(async (username, options) => {
      const user = await (await services().users()).find(username)
      const signIn = await findLastSignIn(await services().auditTrail(), user.userId, remark)
      const nowMs = services().clock.now()
      const lines = labelled({
        Name: user.username,
        ID: user.userId,
        Status: user.status,
        Roles: listed(user.roles),
        Created: fullTime(user.createdAtMs, nowMs),
        'Last sign-in': linesOfSignIn(signIn, nowMs),
      })
      answer({ ...describeUser(user), last_sign_in: describeSignIn(signIn) }, lines, options)
    })

  users
    .command('rename')
    .description('give a user another name; sessions go on, and nobody else gets the former name by mistake')
    .argument('<name>', 'the name that the user has')
    .argument('<new-name>', 'the name to sign in with from now on')
    .option('--reuse-name', REUSE_NAME)
    .option('--json', 'print JSON')
    .action(async (username, newName, options) => {
      const to = { username: newName, reusesName: options.reuseName }
      const user = await (await services().users()).rename(username, to, operator())
      answer(describeUser(user), [`Renamed ${toLine(user)}`], options)
    })

  users
    .command('set-password')
    .description('set a new password and end the sessions of the user')
    .argument('<name>')
    .option('--password-stdin', 'read the password from standard input instead of asking for it')
    .option('--json', 'print JSON')
    .action(async (username, options) => {
      const password = await readSecret('password', '--password-stdin', options.passwordStdin)
      const user = await (await services().users()).setPassword(username, password, operator())
      answer(describeUser(user), [`Set the password of ${user.username}`], options)
    })

  users
    .command('unlock')
    .description('forget the wrong passwords that were counted for the user, who can try again at once')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action(async (username, options) => {
      const user = await (await services().users()).unlock(username, operator())
      answer(describeUser(user), [`${user.username} can try again`], options)
    })

  const statusCommand = (verb: string, status: Status, description: string) =>
    users
      .command(verb)
      .description(description)
      .argument('<name>')
      .option('--json', 'print JSON')
      .action(async (username, options) => {
        const user = await (await services().users()).setStatus(username, status, operator())
        answer(describeUser(user), [`${user.username} is ${status}`], options)
      })
  statusCommand('disable', 'disabled', 'refuse the user every token and end the sessions')
  statusCommand('enable', 'active', 'let a disabled user sign in again')

  users
    .command('delete')
    .description('end the user for good; nobody else gets the name by mistake')
    .argument('<name>')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (username, options) => {
      await confirm(async () => {
        const { userId: subjectId } = await (await services().users()).find(username)
        const sessions = await countSessions(services(), { subjectId })
        return goesWith(username, sessions, await countApiKeys(services(), { username }))
      }, options)
      const user = await (await services().users()).setStatus(username, 'deleted', operator())
      answer(describeUser(user), [`${user.username} is deleted`], options)
    })

  usersImportCommand(users, services, terminal)

  return users
}
