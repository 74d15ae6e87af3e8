import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { publicClientProblems } from '../accounts/client-rules.ts'
import type { WithSecret } from '../accounts/client-secrets.ts'
import type { Clients } from '../accounts/clients.ts'
import { notFound } from '../accounts/rules.ts'
import { noSettings, type RegisteredClient } from '../records/client.ts'
import type { Status } from '../records/standing.ts'
import { describeClient, describeWithSecret } from '../representations/client.ts'
import { clientKeyCommands } from './client-keys.ts'
import { linesOfClient } from './client-lines.ts'
import { type SettingsOptions, settingsCommand, settingsOf } from './client-settings.ts'
import { clientTrustCommands } from './client-trusts.ts'
import { duration } from './options.ts'
import { type Column, table, WIDE } from './table.ts'
import { operator, type Terminal, UsageError, YES } from './terminal.ts'
import type { TimeService } from './times.ts'
import { countApiKeys, counted, countSessions, type GoingServices, goesWith, usedLast } from './what-goes.ts'

/** Made when it is asked for. */
export interface ClientsService {
  clients(): Promise<Clients>
}

const kindOf = ({ isPublic }: RegisteredClient): string => (isPublic ? 'public' : 'confidential')

const columns: readonly Column<RegisteredClient>[] = [
  { head: 'ID', cell: ({ clientId }) => clientId },
  { head: 'STATUS', cell: ({ status }) => status, isStatus: true },
  { head: 'TYPE', cell: kindOf },
  { head: 'GRANTS', cell: ({ grants }) => grants.join(', '), flexible: 'wrap' },
  { head: 'CREATED', cell: ({ createdAtMs }, time) => time(createdAtMs), wide: true },
]

const toLine = (client: RegisteredClient): string =>
  [client.clientId, kindOf(client), client.status, client.grants.join(', ')].join('  ')

const secretLines = ({ generatedSecret }: WithSecret): string[] =>
  generatedSecret === undefined ? [] : [`Secret (it is not shown again): ${generatedSecret}`]

function secretGoes({ clientId, secrets }: RegisteredClient, secretId: string): string {
  const secret = secrets.find(({ id }) => id === secretId)
  if (secret === undefined) throw notFound('secret of this client')
  return `${secret.name ?? secretId} of ${clientId} goes for good. ${usedLast(secret)}.`
}

const SECRET_STDIN =
  'read the secret from standard input instead of making one: 32 to 256 printable ASCII characters, at least 10 of them different'

/** @throws UsageError */
function assertWithoutSecret(options: { public?: true | undefined; secretStdin?: true | undefined }): void {
  if (options.public) throw new UsageError('A public client has no secret anyway: leave out --no-secret.')
  if (options.secretStdin) throw new UsageError('Give --secret-stdin or --no-secret, not both.')
}

/** @throws UsageError for what a public client can't have */
function assertForPublic(options: { secretStdin?: true | undefined } & SettingsOptions): void {
  if (options.secretStdin) throw new UsageError('A public client has no secret: leave out --secret-stdin.')
  const problems = Object.values(publicClientProblems(settingsOf(options))).filter(problem => problem !== undefined)
  if (problems.length > 0) throw new UsageError(problems.join(' '))
}

export function clientsCommand(
  services: () => ClientsService & GoingServices & TimeService,
  terminal: Terminal,
): CommandUnknownOpts {
  const { answer, readSecret, confirm } = terminal
  const clients = new Command('clients').description('the applications that ask for tokens')

  settingsCommand(
    clients,
    'add',
    'add a client; a secret is made and shown once unless one is given or the client is public',
  )
    .option('--public', 'it can keep no secret: a page in a browser, an app on a phone; this never changes')
    .option('--secret-stdin', SECRET_STDIN)
    .option('--no-secret', 'make no secret: for a client with only a key or a trust')
    .action(async (clientId, options) => {
      if (options.public) assertForPublic(options)
      if (!options.secret) assertWithoutSecret(options)
      if (options.grant?.length && !options.audience?.length)
        throw new UsageError('A client with a grant needs an --audience.')
      const given = options.secretStdin && (await readSecret('secret', '--secret-stdin', options.secretStdin))
      const secret = options.secret ? given : null
      const asked = { ...noSettings, ...settingsOf(options), clientId, isPublic: options.public === true, secret }
      const added = await (await services().clients()).add(asked, operator())
      answer(describeWithSecret(added), [`Added ${toLine(added.client)}`, ...secretLines(added)], options)
    })

  clients
    .command('list')
    .description('list the clients')
    .option('--wide', WIDE)
    .option('--json', 'print JSON')
    .action(async ({ wide, json }) => {
      const all = await (await services().clients()).list()
      answer(all.map(describeClient), table(columns, all, { nowMs: services().clock.now(), wide }), { json })
    })

  clients
    .command('show')
    .description('show a client')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (clientId, options) => {
      const client = await (await services().clients()).find(clientId)
      answer(describeClient(client), linesOfClient(client, services().clock.now()), options)
    })

  settingsCommand(
    clients,
    'update',
    "replace the settings that are given and keep the others; '' empties a list",
  ).action(async (clientId, options) => {
    const change = settingsOf(options)
    if (Object.keys(change).length === 0) throw new UsageError('Say what to update.')
    const client = await (await services().clients()).update(clientId, change, operator())
    answer(describeClient(client), [`Updated ${toLine(client)}`], options)
  })

  clients
    .command('add-secret')
    .description('add a secret beside the others, 20 at most, so that they can be exchanged without an interruption')
    .argument('<id>')
    .option('--name <name>', 'what the secret is for, in 1 to 64 characters')
    .option('--expires <duration>', 'when it stops to work, for example 90d', duration)
    .option('--secret-stdin', SECRET_STDIN)
    .option('--json', 'print JSON')
    .action(async (clientId, options) => {
      const secret = options.secretStdin && (await readSecret('secret', '--secret-stdin', options.secretStdin))
      const asked = { name: options.name, secret, ttlSeconds: options.expires }
      const added = await (await services().clients()).addSecret(clientId, asked, operator())
      answer(describeWithSecret(added), [`Added ${added.secretId}`, ...secretLines(added)], options)
    })

  clients
    .command('remove-secret')
    .description(
      'remove a secret: it is refused at once, what the client got for itself with it ends, and sessions go on',
    )
    .argument('<id>')
    .argument('<secret-id>', 'as `clients show` lists it')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (clientId, secretId, options) => {
      await confirm(async () => secretGoes(await (await services().clients()).find(clientId), secretId), options)
      const client = await (await services().clients()).removeSecret(clientId, secretId, operator())
      answer(describeClient(client), [`Removed ${secretId}`], options)
    })

  clientKeyCommands(clients, services, terminal)
  clientTrustCommands(clients, services, terminal)

  const statusCommand = (verb: string, status: Status, description: string) =>
    clients
      .command(verb)
      .description(description)
      .argument('<id>')
      .option('--json', 'print JSON')
      .action(async (clientId, options) => {
        const client = await (await services().clients()).setStatus(clientId, status, operator())
        answer(describeClient(client), [`${client.clientId} is ${status}`], options)
      })
  statusCommand('disable', 'disabled', 'refuse the client every token and end its sessions')
  statusCommand('enable', 'active', 'let a disabled client work again')

  clients
    .command('delete')
    .description('end the client for good; the id is free again')
    .argument('<id>')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (clientId, options) => {
      await confirm(async () => {
        const { id, secrets, keys: ownKeys, trusts } = await (await services().clients()).find(clientId)
        const [sessions, keys] = [
          await countSessions(services(), { clientId: id }),
          await countApiKeys(services(), { clientId }),
        ]
        return goesWith(
          clientId,
          sessions,
          counted(secrets.length + ownKeys.length + trusts.length, 'credential'),
          keys,
        )
      }, options)
      const client = await (await services().clients()).setStatus(clientId, 'deleted', operator())
      answer(describeClient(client), [`${client.clientId} is deleted`], options)
    })

  return clients
}
