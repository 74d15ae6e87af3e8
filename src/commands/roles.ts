import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Roles } from '../accounts/roles.ts'
import type { Users } from '../accounts/users.ts'
import { MOST_LISTED } from '../records/limits.ts'
import type { Role } from '../records/role.ts'
import type { SessionReach } from '../records/session.ts'
import { describeRole } from '../representations/role.ts'
import { examples } from './help.ts'
import { labelled } from './labelled.ts'
import { collect } from './options.ts'
import { type Column, table, WIDE } from './table.ts'
import { operator, type Terminal, YES } from './terminal.ts'
import type { TimeService } from './times.ts'
import { countAlive, counted, endingTokens, type GoingServices, inWords } from './what-goes.ts'

/** Made when it is asked for. */
export interface RolesService {
  roles(): Promise<Roles>
}

/** For who has a role, and what goes with it. */
interface HoldersService extends Pick<GoingServices, 'sessionManagement'> {
  users(): Promise<Pick<Users, 'list' | 'find'>>
}

const columns: readonly Column<Role>[] = [
  { head: 'NAME', cell: ({ name }) => name },
  { head: 'PERMISSIONS', cell: ({ permissions }) => permissions.join(' '), flexible: 'wrap' },
]

const toLine = ({ name, permissions }: Role): string => `${name}  ${permissions.join(' ')}`

export function rolesCommand(
  services: () => RolesService & HoldersService & TimeService,
  { answer, confirm }: Terminal,
): CommandUnknownOpts {
  const roles = new Command('roles')
    .description('what users may do: named sets of permissions')
    .addHelpText(
      'after',
      examples('signet roles add editor --permission posts:write', 'signet roles grant editor --user alice'),
    )

  const tokensOf = async (reach: SessionReach) =>
    `ends ${endingTokens(await countAlive(services(), reach))}; sessions go on`

  async function holdersOf(role: string): Promise<string> {
    const holders = await (await services().users()).list({ role }, MOST_LISTED)
    return counted(holders.length, 'user', MOST_LISTED)
  }

  /** Undefined when the role loses nothing. */
  async function whatUpdateTakes(name: string, permissions: readonly string[]): Promise<string | undefined> {
    const taken = (await (await services().roles()).find(name)).permissions.filter(each => !permissions.includes(each))
    if (taken.length === 0) return undefined
    return `This takes ${inWords(taken)} from ${name}, held by ${await holdersOf(name)}, and ${await tokensOf({ roleName: name })}.`
  }

  /** Undefined when the user does not have the role. */
  async function whatRevokeTakes(role: string, username: string): Promise<string | undefined> {
    await (await services().roles()).find(role)
    const { userId: subjectId, roles: has } = await (await services().users()).find(username)
    if (!has.includes(role)) return undefined
    return `This takes ${role} from ${username} and ${await tokensOf({ subjectId })}.`
  }

  roles
    .command('add')
    .description('add a role')
    .argument('<name>')
    .requiredOption('--permission <permission>', 'a permission that the role gives; may be repeated', collect)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet roles add editor --permission posts:read --permission posts:write'))
    .action(async (name, options) => {
      const role = await (await services().roles()).add({ name, permissions: options.permission }, operator())
      answer(describeRole(role), [`Added ${toLine(role)}`], options)
    })

  roles
    .command('list')
    .description('list the roles')
    .option('--wide', WIDE)
    .option('--json', 'print JSON')
    .action(async ({ wide, json }) => {
      const all = await (await services().roles()).list()
      answer(all.map(describeRole), table(columns, all, { nowMs: services().clock.now(), wide }), { json })
    })

  roles
    .command('show')
    .description('show a role')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action(async (name, options) => {
      const role = await (await services().roles()).find(name)
      answer(describeRole(role), labelled({ Name: role.name, Permissions: role.permissions }), options)
    })

  roles
    .command('update')
    .description('replace the permissions of a role; a permission that is taken away ends access tokens')
    .argument('<name>')
    .requiredOption('--permission <permission>', 'a permission that the role gives; may be repeated', collect)
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet roles update editor --permission posts:read'))
    .action(async (name, options) => {
      await confirm(() => whatUpdateTakes(name, options.permission), options)
      const role = await (await services().roles()).update({ name, permissions: options.permission }, operator())
      answer(describeRole(role), [`Updated ${toLine(role)}`], options)
    })

  roles
    .command('grant')
    .description('give a role to a user')
    .argument('<role>')
    .requiredOption('--user <name>', 'the user')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet roles grant editor --user alice'))
    .action(async (role, options) => {
      await (await services().roles()).grant(role, options.user, operator())
      answer({ role, username: options.user }, [`${options.user} has ${role}`], options)
    })

  roles
    .command('revoke')
    .description('take a role from a user; access tokens end, and sessions go on')
    .argument('<role>')
    .requiredOption('--user <name>', 'the user')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet roles revoke editor --user alice'))
    .action(async (role, options) => {
      await confirm(() => whatRevokeTakes(role, options.user), options)
      await (await services().roles()).revoke(role, options.user, operator())
      answer({ role, username: options.user }, [`${options.user} no longer has ${role}`], options)
    })

  roles
    .command('delete')
    .description('delete a role and take it from everybody who has it')
    .argument('<name>')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (name, options) => {
      const service = await services().roles()
      await confirm(async () => {
        await service.find(name)
        return `This deletes ${name} for good, takes it from ${await holdersOf(name)}, and ${await tokensOf({ roleName: name })}.`
      }, options)
      await service.delete(name, operator())
      answer({ name }, [`Deleted ${name}`], options)
    })

  return roles
}
