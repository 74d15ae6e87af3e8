import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Roles } from '../accounts/roles.ts'
import type { Users } from '../accounts/users.ts'
import { MOST_LISTED } from '../records/limits.ts'
import type { Role } from '../records/role.ts'
import { describeRole } from '../representations/role.ts'
import { labelled } from './labelled.ts'
import { collect } from './options.ts'
import { type Column, table, WIDE } from './table.ts'
import { operator, type Terminal, YES } from './terminal.ts'
import type { TimeService } from './times.ts'
import { counted } from './what-goes.ts'

/** Made when it is asked for. */
export interface RolesService {
  roles(): Promise<Roles>
}

/** For how many have a role. */
interface HoldersService {
  users(): Promise<Pick<Users, 'list'>>
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
  const roles = new Command('roles').description('what users may do')

  roles
    .command('add')
    .description('add a role')
    .argument('<name>')
    .requiredOption('--permission <permission>', 'a permission that the role gives; may be repeated', collect)
    .option('--json', 'print JSON')
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
    .description('replace the permissions of a role')
    .argument('<name>')
    .requiredOption('--permission <permission>', 'a permission that the role gives; may be repeated', collect)
    .option('--json', 'print JSON')
    .action(async (name, options) => {
      const role = await (await services().roles()).update({ name, permissions: options.permission }, operator())
      answer(describeRole(role), [`Updated ${toLine(role)}`], options)
    })

  roles
    .command('grant')
    .description('give a role to a user')
    .argument('<role>')
    .requiredOption('--user <name>', 'the user')
    .option('--json', 'print JSON')
    .action(async (role, options) => {
      await (await services().roles()).grant(role, options.user, operator())
      answer({ role, username: options.user }, [`${options.user} has ${role}`], options)
    })

  roles
    .command('revoke')
    .description('take a role from a user')
    .argument('<role>')
    .requiredOption('--user <name>', 'the user')
    .option('--json', 'print JSON')
    .action(async (role, options) => {
      await (await services().roles()).revoke(role, options.user, operator())
      answer({ role, username: options.user }, [`${options.user} no longer has ${role}`], options)
    })

  roles
    .command('delete')
    .description('delete a role, also from everybody who has it')
    .argument('<name>')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (name, options) => {
      const service = await services().roles()
      await confirm(async () => {
        await service.find(name)
        const holders = await (await services().users()).list({ role: name }, MOST_LISTED)
        return `${name} goes for good, and is taken from ${counted(holders.length, 'user', MOST_LISTED)}.`
      }, options)
      await service.delete(name, operator())
      answer({ name }, [`Deleted ${name}`], options)
    })

  return roles
}
