import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Roles } from '../accounts/roles.ts'
import type { Users } from '../accounts/users.ts'
import { MOST_LISTED } from '../records/limits.ts'
import type { Role } from '../records/role.ts'
import { describeRole } from '../representations/role.ts'
import { collect } from './options.ts'
import { table } from './table.ts'
import { operator, type Terminal, YES } from './terminal.ts'
import { counted } from './what-goes.ts'

/** Made when it is asked for. */
export interface RolesService {
  roles(): Promise<Roles>
}

/** For how many have a role. */
interface HoldersService {
  users(): Promise<Pick<Users, 'list'>>
}

const toLine = ({ name, permissions }: Role): string => `${name}  ${permissions.join(' ')}`

export function rolesCommand(
  services: () => RolesService & HoldersService,
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
    .option('--json', 'print JSON')
    .action(async options => {
      const all = await (await services().roles()).list()
      const rows = all.map(({ name, permissions }) => [name, permissions.join(' ')])
      answer(all.map(describeRole), table(['NAME', 'PERMISSIONS'], rows), options)
    })

  roles
    .command('show')
    .description('show a role')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action(async (name, options) => {
      const role = await (await services().roles()).find(name)
      answer(describeRole(role), [toLine(role)], options)
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
