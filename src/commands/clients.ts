import { Command, type CommandUnknownOpts, InvalidArgumentError } from '@commander-js/extra-typings'
import { grantLimitsProblem, publicClientProblems } from '../accounts/client-rules.ts'
import type { WithSecret } from '../accounts/client-secrets.ts'
import type { Clients } from '../accounts/clients.ts'
import { type ClientSettings, type GrantLimits, grantTypes, type RegisteredClient } from '../records/client.ts'
import type { Status } from '../records/standing.ts'
import { describeClient, describeWithSecret } from '../representations/client.ts'
import { collect, collectFrom, duration } from './options.ts'
import { table } from './table.ts'
import { operator, type Terminal, UsageError } from './terminal.ts'

/** Made when it is asked for. */
export interface ClientsService {
  clients(): Promise<Clients>
}

/** Where nothing else is asked for. */
const byDefault = { accessTokenTtlSeconds: null, grantsPerMinute: null, mayGrant: [] }

const toLine = (client: RegisteredClient): string =>
  [client.clientId, client.isPublic ? 'public' : 'confidential', client.status, client.grants.join(', ')].join('  ')

const secretLines = ({ generatedSecret }: WithSecret): string[] =>
  generatedSecret === undefined ? [] : [`Secret (it is not shown again): ${generatedSecret}`]

/** `default`: the lifetime that the service gives. */
function lifetime(text: string): number | 'default' {
  if (text === 'default') return text
  try {
    return duration(text)
  } catch {
    throw new InvalidArgumentError("It is a number and s, m, h or d, for example 10m, or 'default'.")
  }
}

/** `unlimited`: as many as it asks for. */
function grantLimits(text: string): GrantLimits | 'unlimited' {
  if (text === 'unlimited') return text
  const [, client, subject] = /^(\d{1,9})(?:\/(\d{1,9}))?$/.exec(text) ?? []
  if (client === undefined)
    throw new InvalidArgumentError(
      "It is a number for the client, a number for it and one for each subject as in 600/10, or 'unlimited'.",
    )
  const limits = { client: Number(client), subject: subject === undefined ? null : Number(subject) }
  const problem = grantLimitsProblem(limits)
  if (problem !== undefined) throw new InvalidArgumentError(problem)
  return limits
}

/** The settings that were given, and no others. */
const settingsOf = (options: {
  grant?: readonly string[] | undefined
  scope?: readonly string[] | undefined
  audience?: readonly string[] | undefined
  origin?: readonly string[] | undefined
  introspect?: readonly string[] | undefined
  accessTokenTtl?: number | 'default' | undefined
  grantsPerMinute?: GrantLimits | 'unlimited' | undefined
}): Partial<ClientSettings> => ({
  ...(options.grant && { grants: options.grant }),
  ...(options.scope && { scope: options.scope }),
  ...(options.audience && { audiences: options.audience }),
  ...(options.origin && { origins: options.origin }),
  ...(options.introspect && { introspect: options.introspect }),
  ...(options.accessTokenTtl !== undefined && {
    accessTokenTtlSeconds: options.accessTokenTtl === 'default' ? null : options.accessTokenTtl,
  }),
  ...(options.grantsPerMinute && {
    grantsPerMinute: options.grantsPerMinute === 'unlimited' ? null : options.grantsPerMinute,
  }),
})

const SECRET_STDIN =
  'read the secret from standard input instead of making one: 32 to 256 printable ASCII characters, at least 10 of them different'

/** @throws UsageError for what a public client can't have */
function assertForPublic(options: { secretStdin?: true | undefined } & Parameters<typeof settingsOf>[0]): void {
  if (options.secretStdin) throw new UsageError('A public client has no secret: leave out --secret-stdin.')
  const problems = Object.values(publicClientProblems(settingsOf(options))).filter(problem => problem !== undefined)
  if (problems.length > 0) throw new UsageError(problems.join(' '))
}

/** Adds the options of the settings to a command. */
const settingsCommand = (clients: Command, verb: string, description: string) =>
  clients
    .command(verb)
    .description(description)
    .argument('<id>', 'the client_id')
    .option(
      '--grant <grant>',
      `a grant type it may use: ${grantTypes.join(', ')}; may be repeated`,
      collectFrom(grantTypes),
    )
    .option(
      '--scope <scope>',
      "a permission it may ask for, or '*' for whatever the user has; may be repeated",
      collect,
    )
    .option('--audience <uri>', 'a resource service its tokens are for, the default first; may be repeated', collect)
    .option(
      '--origin <origin>',
      'a web page or an app that may use it, for example https://login.example.com; may be repeated',
      collect,
    )
    .option(
      '--introspect <audience>',
      'an audience whose tokens it may introspect, unless it is public; may be repeated',
      collect,
    )
    .option('--access-token-ttl <duration>', "how long its access tokens live, for example 10m, or 'default'", lifetime)
    .option(
      '--grants-per-minute <limit>',
      "how many tokens it may be issued in a minute, and one subject through it, for example 600 or 600/10, or 'unlimited'",
      grantLimits,
    )
    .option('--json', 'print JSON')

export function clientsCommand(services: () => ClientsService, { answer, readSecret }: Terminal): CommandUnknownOpts {
  const clients = new Command('clients').description('the applications that ask for tokens')

  settingsCommand(
    clients,
    'add',
    'add a client; a secret is made and shown once unless one is given or the client is public',
  )
    .option('--public', 'it can keep no secret: a page in a browser, an app on a phone; this never changes')
    .option('--secret-stdin', SECRET_STDIN)
    .action(async (clientId, options) => {
      if (options.public) assertForPublic(options)
      if (options.grant?.length && !options.audience?.length)
        throw new UsageError('A client with a grant needs an --audience.')
      const secret = options.secretStdin && (await readSecret('secret', '--secret-stdin', options.secretStdin))
      const nothing = { grants: [], scope: [], audiences: [], origins: [], introspect: [], ...byDefault }
      const asked = { ...nothing, ...settingsOf(options), clientId, isPublic: options.public === true, secret }
      const added = await (await services().clients()).add(asked, operator())
      answer(describeWithSecret(added), [`Added ${toLine(added.client)}`, ...secretLines(added)], options)
    })

  clients
    .command('list')
    .description('list the clients')
    .option('--json', 'print JSON')
    .action(async options => {
      const all = await (await services().clients()).list()
      const rows = all.map(client => [
        client.clientId,
        client.status,
        client.isPublic ? 'public' : 'confidential',
        client.grants.join(', '),
      ])
      answer(all.map(describeClient), table(['ID', 'STATUS', 'TYPE', 'GRANTS'], rows), options)
    })

  clients
    .command('show')
    .description('show a client')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (clientId, options) => {
      const client = await (await services().clients()).find(clientId)
      const lines = Object.entries(describeClient(client)).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
      answer(describeClient(client), lines, options)
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
    .option('--json', 'print JSON')
    .action(async (clientId, secretId, options) => {
      const client = await (await services().clients()).removeSecret(clientId, secretId, operator())
      answer(describeClient(client), [`Removed ${secretId}`], options)
    })

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
  statusCommand('delete', 'deleted', 'end the client for good; the id is free again')

  return clients
}
