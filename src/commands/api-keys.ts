import { Command, type CommandUnknownOpts, InvalidArgumentError } from '@commander-js/extra-typings'
import { DEFAULT_API_KEY_TTL_SECONDS } from '../accounts/api-key-rules.ts'
import { type ApiKeys, BY_OPERATOR, type KeyOwnerName } from '../accounts/api-keys.ts'
import type { ListedApiKey } from '../records/api-key.ts'
import { describeApiKey } from '../representations/api-key.ts'
import { examples } from './help.ts'
import { labelled, listed } from './labelled.ts'
import { collect, duration } from './options.ts'
import { type Column, table, WIDE } from './table.ts'
import { type Lines, operator, type Terminal, UsageError, YES } from './terminal.ts'
import { fullTime, type TimeService } from './times.ts'
import { countAlive, counted, endingTokens, type GoingServices } from './what-goes.ts'

/** Made when it is asked for. */
export interface ApiKeysService {
  apiKeys(): Promise<ApiKeys>
}

const ownerOf = ({ username, clientId }: ListedApiKey): string => username ?? clientId ?? ''

const ANY = '(any of the exchanging client)'

const orNever = (atMs: number | null, time: (atMs: number) => string): string => (atMs === null ? 'never' : time(atMs))

const columns: readonly Column<ListedApiKey>[] = [
  { head: 'ID', cell: ({ id }) => id },
  { head: 'NAME', cell: ({ name }) => name ?? '', flexible: 'cut' },
  { head: 'OWNER', cell: ownerOf, flexible: 'cut' },
  { head: 'STATUS', cell: ({ status }) => status, isStatus: true },
  { head: 'SCOPE', cell: ({ scope }) => scope.join(' '), wide: true },
  { head: 'AUDIENCES', cell: ({ audiences }) => audiences.join(' ') || ANY, wide: true },
  { head: 'EXPIRES', cell: ({ expiresAtMs }, time) => orNever(expiresAtMs, time) },
  { head: 'LAST USED', cell: ({ lastUsedAtMs }, time) => orNever(lastUsedAtMs, time) },
  { head: 'FROM', cell: ({ lastUsedAddress }) => lastUsedAddress ?? '' },
]

function linesOf(key: ListedApiKey, nowMs: number): Lines {
  const time = (atMs: number) => fullTime(atMs, nowMs)
  const from = key.lastUsedAtMs === null ? [] : [`from ${key.lastUsedAddress ?? 'unknown'}`]
  return labelled({
    Name: key.name ?? 'none',
    ID: key.id,
    Owner: `${key.username === null ? 'client' : 'user'} ${ownerOf(key)}`,
    Status: key.status,
    Scope: listed(key.scope),
    Audiences: key.audiences.length === 0 ? ANY : key.audiences,
    Created: time(key.createdAtMs),
    Expires: orNever(key.expiresAtMs, time),
    Revoked: key.revokedAtMs === null ? null : time(key.revokedAtMs),
    'Last used': [orNever(key.lastUsedAtMs, time), ...from],
  })
}

interface Asked {
  readonly user?: string | undefined
  readonly client?: string | undefined
}

/** @throws UsageError when both are given */
function ownerIn({ user, client }: Asked): KeyOwnerName | undefined {
  if (user !== undefined && client !== undefined) throw new UsageError('Give --user or --client, not both.')
  if (user !== undefined) return { username: user }
  return client === undefined ? undefined : { clientId: client }
}

/** Seconds. Not null for what does not expire: the parser takes that for an option without a value. */
function expiry(text: string): number | 'never' {
  if (text === 'never') return text
  try {
    return duration(text)
  } catch {
    throw new InvalidArgumentError("It is a number and s, m, h or d, for example 90d, or 'never'.")
  }
}

export function apiKeysCommand(
  services: () => ApiKeysService & TimeService & Pick<GoingServices, 'sessionManagement'>,
  { answer, confirm }: Terminal,
): CommandUnknownOpts {
  const apiKeys = new Command('api-keys')
    .description('keys of users and clients, which services exchange for short tokens')
    .addHelpText(
      'after',
      examples('signet api-keys create --user alice --name ci --scope posts:read', 'signet api-keys list --user alice'),
    )

  apiKeys
    .command('create')
    .description('make an API key of a user or a client; it is shown once')
    .option('--user <name>', 'whose key it is; it may do at most what this user may; give this or --client')
    .option('--client <id>', 'the same for a client')
    .requiredOption('--name <name>', 'what the key is for')
    .requiredOption('--scope <scope>', 'a permission it has as long as its owner has it; may be repeated', collect)
    .option('--audience <audience>', 'a resource service it is for; may be repeated; without it, any', collect)
    .option('--expires <duration>', "how long it works, for example 30d, or 'never'; 90d without it", expiry)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'signet api-keys create --user alice --name ci --scope posts:read',
        'signet api-keys create --client reports --name cron --scope a:b --expires 1d',
      ),
    )
    .action(async options => {
      const owner = ownerIn(options)
      if (owner === undefined) throw new UsageError('Say whose key it is: --user or --client.')
      const { name, scope, audience: audiences = [], expires = DEFAULT_API_KEY_TTL_SECONDS } = options
      // A variable of a script that is not set must not make the key that goes furthest.
      if (options.audience?.length === 0) throw new UsageError('The audience is empty: leave --audience out for any.')
      const asked = { name, scope, audiences, ttlSeconds: expires === 'never' ? null : expires }
      const { key, text } = await (await services().apiKeys()).create(owner, asked, operator())
      answer(
        { ...describeApiKey(key), api_key: text },
        [`Added ${key.id} of ${ownerOf(key)}`, `API key (it is not shown again): ${text}`],
        options,
      )
    })

  apiKeys
    .command('list')
    .description('list API keys, including those revoked or expired in the last 90 days')
    .option('--user <name>', 'only those of this user')
    .option('--client <id>', 'only those of this client')
    .option('--wide', WIDE)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet api-keys list --user alice'))
    .action(async ({ wide, ...options }) => {
      const keys = await (await services().apiKeys()).list(ownerIn(options))
      answer(keys.map(describeApiKey), table(columns, keys, { nowMs: services().clock.now(), wide }), options)
    })

  apiKeys
    .command('show')
    .description('show an API key, without its secret')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (id, options) => {
      const key = await (await services().apiKeys()).find(id)
      answer(describeApiKey(key), linesOf(key, services().clock.now()), options)
    })

  apiKeys
    .command('revoke')
    .description('revoke one API key, or with --user all of a user, with the tokens that were given for it')
    .argument('[id]')
    .option('--user <name>', 'every key of this user')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet api-keys revoke key_019a2b', 'signet api-keys revoke --user alice'))
    .action(async (id, options) => {
      if ((id === undefined) === (options.user === undefined))
        throw new UsageError('Say which API key: an id, or --user for all of a user.')
      const service = await services().apiKeys()
      if (id !== undefined) {
        await confirm(async () => {
          const key = await service.find(id)
          const ends = endingTokens(await countAlive(services(), { credentialId: id }))
          return `This revokes the API key ${key.name ?? id} of ${ownerOf(key)} for good, and ends ${ends}.`
        }, options)
        const key = await service.revoke(id, { reason: BY_OPERATOR, by: operator() })
        answer(describeApiKey(key), [`Revoked ${id}`], options)
        return
      }
      const owner = { username: options.user as string }
      await confirm(async () => {
        const all = await service.list(owner)
        const credentialIds = all.map(({ id: keyId }) => keyId)
        const ends = endingTokens(await countAlive(services(), { credentialIds }))
        const active = all.filter(({ status }) => status === 'active').length
        if (active === 0) return undefined
        return `This revokes ${counted(active, 'API key')} of ${owner.username} for good, and ends ${ends}.`
      }, options)
      const revoked = await service.revokeAllOf(owner, operator())
      answer({ revoked }, [`Revoked ${revoked} ${revoked === 1 ? 'API key' : 'API keys'}`], options)
    })

  return apiKeys
}
