import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Users } from '../accounts/users.ts'
import { PASSWORD_LENGTH } from '../passwords/password-rules.ts'
import { MOST_LISTED } from '../records/limits.ts'
import type { AliveSessions } from '../records/session.ts'
import { statuses } from '../records/standing.ts'
import type { UserWithRoles } from '../records/user.ts'
import { describeUser } from '../representations/user.ts'
import type { AuditService } from './audit.ts'
import { examples } from './help.ts'
import { labelled, listed } from './labelled.ts'
import { describeSignIn, findLastSignIn, linesOfSignIn } from './last-sign-in.ts'
import { collect, HIGHEST_LIMIT, oneOf, wholeNumber } from './options.ts'
import { printable } from './printable.ts'
import type { RolesService } from './roles.ts'
import { type Column, table, WIDE } from './table.ts'
import { operator, type SecretQuestion, type Terminal, YES } from './terminal.ts'
import { fullTime, type TimeService } from './times.ts'
import { type ImportService, usersImportCommand } from './users-import.ts'
import { countAlive, countApiKeys, endingSessions, type GoingServices, inWords, some } from './what-goes.ts'

/** Made when it is asked for. */
export interface UsersService {
  users(): Promise<Users>
}

type Services = UsersService & RolesService & GoingServices & ImportService & AuditService & TimeService

const REUSE_NAME =
  'allow a name that another user had: a mailbox, or whatever else is kept by name, goes to this user then'

const columns: readonly Column<UserWithRoles>[] = [
  { head: 'NAME', cell: ({ username }) => username, flexible: 'cut' },
  { head: 'ID', cell: ({ userId }) => userId, wide: true },
  { head: 'STATUS', cell: ({ status }) => status, isStatus: true },
  { head: 'ROLES', cell: ({ roles }) => roles.join(', '), flexible: 'wrap' },
  { head: 'CREATED', cell: ({ createdAtMs }, time) => time(createdAtMs) },
]

const toLine = (user: UserWithRoles): string =>
  `${user.username}  ${user.userId}  ${user.status}  ${user.roles.join(', ') || '(no roles)'}`

/** Of a user who is there, or may be added. */
const passwordOf = (users: Users, username: string): SecretQuestion => ({
  question: `Password for ${printable(username)} (${PASSWORD_LENGTH})`,
  problemOf: password => users.passwordProblem(username, password),
})

export function usersCommand(services: () => Services, terminal: Terminal): CommandUnknownOpts {
  const { answer, remark, readSecret, confirm } = terminal
  const users = new Command('users')
    .description('the people who sign in')
    .addHelpText(
      'after',
      examples('signet users add alice --role editor', 'signet users show alice', 'signet users disable alice'),
    )

  /** What ends with the password, or with the right to sign in. */
  async function sessionsOf(username: string): Promise<AliveSessions> {
    const { userId: subjectId } = await (await services().users()).find(username)
    return countAlive(services(), { subjectId })
  }

  /** Nobody need be asked where nothing ends by it. */
  async function endingWithPassword(username: string): Promise<string | undefined> {
    const sessions = await sessionsOf(username)
    const keys = await countApiKeys(services(), { username })
    if (sessions.signIns + sessions.machines + keys === 0) return undefined
    const revokes = some(keys, 'API key').map(which => ` and revokes ${which}`)
    return `A new password for ${username} ends ${inWords(endingSessions(sessions))}${revokes}.`
  }

  users
    .command('add')
    .description('add a user; at a terminal, it asks for the password')
    .argument('<name>', 'the name to sign in with')
    .option('--password-stdin', 'read the password from standard input instead of asking for it')
    .option('--role <role>', 'a role to give; may be repeated', collect)
    .option('--reuse-name', REUSE_NAME)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples('signet users add alice --role editor', 'printf %s "$PASSWORD" | signet users add bob --password-stdin'),
    )
    .action(async (username, options) => {
      const { role: roles = [], reuseName: reusesName } = options
      const password = await readSecret('password', '--password-stdin', options.passwordStdin, async () => {
        const all = await services().users()
        await all.assertMayBeAdded({ username, roles, reusesName }, operator())
        return passwordOf(all, username)
      })
      const user = await (await services().users()).add({ username, password, roles, reusesName }, operator())
      answer(describeUser(user), [`Added ${toLine(user)}`], options)
    })

  users
    .command('list')
    .description(`list the users by name, at most ${MOST_LISTED} without --limit`)
    .option('--search <text>', 'only names that contain this, in any letter case')
    .option('--status <status>', `only those who are ${statuses.join(' or ')}`, oneOf(statuses))
    .option('--role <role>', 'only those who have this role')
    .option('--imported', 'only those who still have the password hash of another system')
    .option('--limit <number>', `at most this many, from 1 to ${HIGHEST_LIMIT}`, wholeNumber(1, HIGHEST_LIMIT))
    .option('--wide', WIDE)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'signet users list --role editor --status disabled',
        'signet users list --search example.com --limit 5000 --json',
      ),
    )
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
    .description('rename a user; sessions go on, and nobody else gets the former name by mistake')
    .argument('<name>', 'the name that the user has')
    .argument('<new-name>', 'the name to sign in with from now on')
    .option('--reuse-name', REUSE_NAME)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet users rename alice alice@example.com'))
    .action(async (username, newName, options) => {
      const to = { username: newName, reusesName: options.reuseName }
      const user = await (await services().users()).rename(username, to, operator())
      answer(describeUser(user), [`Renamed ${toLine(user)}`], options)
    })

  users
    .command('set-password')
    .description('set a new password; it ends the sessions of the user and revokes the API keys')
    .argument('<name>')
    .option('--password-stdin', 'read the password from standard input instead of asking for it')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples('signet users set-password alice', 'signet users set-password alice --password-stdin < new-password'),
    )
    .action(async (username, options) => {
      const password = await readSecret('password', '--password-stdin', options.passwordStdin, async () => {
        await confirm(() => endingWithPassword(username), options)
        const all = await services().users()
        return passwordOf(all, (await all.find(username)).username)
      })
      const user = await (await services().users()).setPassword(username, password, operator())
      answer(describeUser(user), [`Set the password of ${user.username}`], options)
    })

  users
    .command('unlock')
    .description('forget the wrong passwords that were counted, so that the user can try again at once')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action(async (username, options) => {
      const user = await (await services().users()).unlock(username, operator())
      answer(describeUser(user), [`${user.username} can try again`], options)
    })

  users
    .command('disable')
    .description('end the sessions of a user, who gets no more tokens until enabled again')
    .argument('<name>')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (username, options) => {
      await confirm(
        async () => `This disables ${username} and ends ${inWords(endingSessions(await sessionsOf(username)))}.`,
        options,
      )
      const user = await (await services().users()).setStatus(username, 'disabled', operator())
      answer(describeUser(user), [`${user.username} is disabled`], options)
    })

  users
    .command('enable')
    .description('let a disabled user sign in again; what has ended stays ended')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action(async (username, options) => {
      const user = await (await services().users()).setStatus(username, 'active', operator())
      answer(describeUser(user), [`${user.username} is active`], options)
    })

  users
    .command('delete')
    .description('delete a user for good; nobody else gets the name by mistake')
    .argument('<name>')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (username, options) => {
      await confirm(async () => {
        const keys = some(await countApiKeys(services(), { username }), 'API key')
        return `This deletes ${username} for good, with ${inWords([...endingSessions(await sessionsOf(username)), ...keys])}.`
      }, options)
      const user = await (await services().users()).setStatus(username, 'deleted', operator())
      answer(describeUser(user), [`${user.username} is deleted`], options)
    })

  usersImportCommand(users, services, terminal)

  return users
}
