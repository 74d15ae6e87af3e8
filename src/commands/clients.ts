import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { takenBy } from '../accounts/client-changes.ts'
import { publicClientProblems } from '../accounts/client-rules.ts'
import type { Clients } from '../accounts/clients.ts'
import { type ClientSettings, noSettings, type RegisteredClient } from '../records/client.ts'
import { describeClient, describeWithSecret } from '../representations/client.ts'
import { clientKeyCommands } from './client-keys.ts'
import { linesOfClient } from './client-lines.ts'
import { clientSecretCommands, SECRET_STDIN, secretLines, secretOf } from './client-secrets.ts'
import { type SettingsOptions, settingsCommand, settingsOf } from './client-settings.ts'
import { clientTrustCommands } from './client-trusts.ts'
import { examples } from './help.ts'
import { type Column, table, WIDE } from './table.ts'
import { operator, type Terminal, UsageError, YES } from './terminal.ts'
import type { TimeService } from './times.ts'
import {
  countAlive,
  countApiKeys,
  endingSessions,
  endingTokens,
  type GoingServices,
  inWords,
  reachesOfClient,
  some,
} from './what-goes.ts'

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
  const clients = new Command('clients')
    .description('the applications that ask for tokens')
    .addHelpText(
      'after',
      examples(
        'signet clients add api --introspect https://api.example.com',
        'signet clients show api',
        'signet clients add-secret api --expires 90d',
      ),
    )

  const aliveOf = (id: string) => countAlive(services(), ...reachesOfClient(id))

  /** Undefined when the change takes nothing that tokens may carry. */
  async function whatNarrows(clientId: string, change: Partial<ClientSettings>): Promise<string | undefined> {
    const before = await (await services().clients()).find(clientId)
    const taken = takenBy(before, { ...before, ...change })
    if (taken.length === 0) return undefined
    return `This takes ${inWords(taken)} from ${clientId} and ends ${endingTokens(await aliveOf(before.id))}; sessions go on.`
  }

  settingsCommand(
    clients,
    'add',
    'add a client; unless it is public or a secret is given, a secret is made and shown once',
  )
    .option('--public', 'for what can keep no secret, a page or an app on a phone; it stays so for good')
    .option('--secret-stdin', SECRET_STDIN)
    .option('--no-secret', 'make no secret, for a client that has only a key or a trust')
    .addHelpText(
      'after',
      examples(
        `signet clients add blog --public --grant password --grant refresh_token \\
--scope '*' --audience https://api.example.com`,
        `signet clients add reports --grant client_credentials \\
--scope posts:read --audience https://api.example.com`,
        'signet clients add api --introspect https://api.example.com',
      ),
    )
    .action(async (clientId, options) => {
      if (options.public) assertForPublic(options)
      if (!options.secret) assertWithoutSecret(options)
      if (options.grant?.length && !options.audience?.length)
        throw new UsageError('A client with a grant needs an --audience.')
      const asked = { ...noSettings, ...settingsOf(options), clientId, isPublic: options.public === true }
      const given =
        options.secretStdin &&
        (await readSecret('secret', '--secret-stdin', options.secretStdin, async () => {
          await (await services().clients()).assertMayBeAdded(asked)
          return secretOf(clientId)
        }))
      const secret = options.secret ? given : null
      const added = await (await services().clients()).add({ ...asked, secret }, operator())
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

  settingsCommand(clients, 'update', "replace settings: those that are given; the others stay, and '' empties a list")
    .option('--yes', YES)
    .addHelpText(
      'after',
      examples(
        'signet clients update blog --scope posts:read --scope posts:write',
        'signet clients update blog --origin https://blog.example.com',
        "signet clients update blog --origin ''",
      ),
    )
    .action(async (clientId, options) => {
      const change = settingsOf(options)
      if (Object.keys(change).length === 0) throw new UsageError('Say what to update.')
      await confirm(() => whatNarrows(clientId, change), options)
      const client = await (await services().clients()).update(clientId, change, operator())
      answer(describeClient(client), [`Updated ${toLine(client)}`], options)
    })

  clientSecretCommands(clients, services, terminal)
  clientKeyCommands(clients, services, terminal)
  clientTrustCommands(clients, services, terminal)

  clients
    .command('disable')
    .description('end the sessions of a client, which gets no more tokens until enabled again')
    .argument('<id>')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (clientId, options) => {
      await confirm(async () => {
        const { id } = await (await services().clients()).find(clientId)
        return `This disables ${clientId} and ends ${inWords(endingSessions(await aliveOf(id)))}.`
      }, options)
      const client = await (await services().clients()).setStatus(clientId, 'disabled', operator())
      answer(describeClient(client), [`${client.clientId} is disabled`], options)
    })

  clients
    .command('enable')
    .description('let a disabled client work again; what has ended stays ended')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (clientId, options) => {
      const client = await (await services().clients()).setStatus(clientId, 'active', operator())
      answer(describeClient(client), [`${client.clientId} is active`], options)
    })

  clients
    .command('delete')
    .description('delete a client for good, with its credentials; its id is free again')
    .argument('<id>')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (clientId, options) => {
      await confirm(async () => {
        const { id, secrets, keys: ownKeys, trusts } = await (await services().clients()).find(clientId)
        const goes = [
          ...endingSessions(await aliveOf(id)),
          ...some(secrets.length, 'secret'),
          ...some(ownKeys.length, 'key'),
          ...some(trusts.length, 'trust'),
          ...some(await countApiKeys(services(), { clientId }), 'API key'),
        ]
        return `This deletes ${clientId} for good, with ${inWords(goes)}.`
      }, options)
      const client = await (await services().clients()).setStatus(clientId, 'deleted', operator())
      answer(describeClient(client), [`${client.clientId} is deleted`], options)
    })

  return clients
}
