import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Clients } from '../accounts/clients.ts'
import { completed, type TrustedIssuers, takes } from '../accounts/trusted-issuers.ts'
import { formatDuration } from '../clock.ts'
import type { IssuerInspection } from '../oauth/assertions/inspection.ts'
import type { FetchedKeys } from '../records/fetched-keys.ts'
import {
  DEFAULT_MAX_LIFETIME_SECONDS,
  type IssuerKeySource,
  type IssuerSettings,
  type TrustedIssuer,
} from '../records/trusted-issuer.ts'
import { describeIssuer, describeIssuerWithKeys } from '../representations/trusted-issuer.ts'
import { examples } from './help.ts'
import { issuerOptions, lineOfLeftOut, settingsOf } from './issuer-settings.ts'
import { issuerTestCommand } from './issuer-test.ts'
import { labelled } from './labelled.ts'
import { printable } from './printable.ts'
import { type Column, table, WIDE } from './table.ts'
import { type Lines, operator, type Terminal, UsageError, YES } from './terminal.ts'
import { fullTime, type TimeService } from './times.ts'
import { countAlive, counted, endingTokens, type GoingServices } from './what-goes.ts'

/** Made when it is asked for. */
export interface IssuersService extends TimeService, Pick<GoingServices, 'sessionManagement'> {
  issuers(): Promise<TrustedIssuers>
  issuerInspection(): Promise<IssuerInspection>
  clients(): Promise<Clients>
  /** Our issuer identifier. */
  readonly issuer: string
}

const defaults: IssuerSettings = {
  ...{ url: null, trustDomain: null, keySource: { kind: 'discovery' }, audience: null },
  ...{ maxLifetimeSeconds: DEFAULT_MAX_LIFETIME_SECONDS, isShared: false },
}

const urlOf = ({ url, trustDomain }: TrustedIssuer): string => url ?? `spiffe://${trustDomain}`

const toLine = (issuer: TrustedIssuer): string => `${issuer.name}  ${urlOf(issuer)}`

const columns: readonly Column<TrustedIssuer>[] = [
  { head: 'NAME', cell: ({ name }) => name },
  { head: 'ISSUER', cell: urlOf, flexible: 'cut' },
  { head: 'SPIFFE', cell: ({ trustDomain }) => trustDomain ?? '', wide: true },
  { head: 'KEYS FROM', cell: ({ keySource }) => keySource.kind },
  { head: 'LIFETIME', cell: ({ maxLifetimeSeconds }) => formatDuration(maxLifetimeSeconds) },
  { head: 'CREATED', cell: ({ createdAtMs }, time) => time(createdAtMs), wide: true },
]

const placeOf = (source: IssuerKeySource): string => ('uri' in source ? `${source.kind} ${source.uri}` : source.kind)

function keysFetched({ keySource }: TrustedIssuer, fetched: FetchedKeys | undefined, nowMs: number): readonly string[] {
  const { fetchedAtMs, failure } = fetched ?? {}
  if (keySource.kind === 'jwks') return []
  const never = failure === undefined ? 'never: they are at the first use' : 'never'
  return [
    fetchedAtMs === undefined ? never : fullTime(fetchedAtMs, nowMs),
    ...(failure ? [`could not be fetched at ${fullTime(failure.atMs, nowMs)}:`, `  ${failure.message}`] : []),
  ]
}

function linesOf(issuer: TrustedIssuer, fetched: FetchedKeys | undefined, nowMs: number): Lines {
  const { keys, keys_left_out: leftOut } = describeIssuerWithKeys(issuer, fetched)
  return labelled({
    Name: issuer.name,
    ID: issuer.id,
    Issuer: issuer.url,
    SPIFFE: issuer.trustDomain === null ? null : `spiffe://${issuer.trustDomain}`,
    'Keys from': placeOf(issuer.keySource),
    Audience: issuer.audience,
    'Longest lifetime': formatDuration(issuer.maxLifetimeSeconds),
    Shared: issuer.isShared ? 'yes' : 'no',
    Created: fullTime(issuer.createdAtMs, nowMs),
    'Keys fetched': keysFetched(issuer, fetched, nowMs),
    Keys: keys.map(({ kid, alg }) => `${kid ?? '(no kid)'}  ${alg}`),
    'Left out': leftOut.flatMap(({ kid, problem }) => [`${kid ?? 'one without a kid'}:`, `  ${problem}`]),
  })
}

/** Whoever mistyped a URL should not learn it from the first job that fails. */
const remarksOn = ({ audience }: TrustedIssuer, fetched: FetchedKeys | undefined, ours: string): string[] => [
  ...(fetched?.failure === undefined ? [] : [`Its keys could not be fetched: ${printable(fetched.failure.message)}`]),
  ...(fetched?.leftOut ?? []).map(lineOfLeftOut),
  ...(fetched?.fetchedAtMs !== undefined && fetched.keys.length === 0
    ? ['It publishes no key that can be used: no token of it is accepted.']
    : []),
  ...(audience === null || audience === ours
    ? []
    : [
        'Tokens for another audience than this service are presented elsewhere, too: who gets one there can use it here.',
      ]),
]

export function issuersCommand(services: () => IssuersService, terminal: Terminal): CommandUnknownOpts {
  const { answer, confirm, remark } = terminal
  const issuers = new Command('issuers')
    .description("trusted issuers of workloads' tokens: CI jobs, clusters, clouds")
    .addHelpText('after', examples('signet issuers list', 'signet issuers test github --client deploy < token.jwt'))

  /** How many clients trust it, and what they got for its tokens. */
  async function trustIn({ id }: TrustedIssuer) {
    const clients = await (await services().clients()).list()
    const trusts = clients.map(client => client.trusts.filter(({ issuerId }) => issuerId === id))
    const credentialIds = trusts.flat().map(trust => trust.id)
    const trusting = trusts.filter(ofClient => ofClient.length > 0)
    return { clients: trusting.length, tokens: await countAlive(services(), { credentialIds }) }
  }

  async function answerWith(issuer: TrustedIssuer, verb: string, options: { json?: true | undefined }) {
    const fetched = await (await services().issuerInspection()).fetchKeys(issuer)
    for (const line of remarksOn(issuer, fetched, services().issuer)) remark(line)
    answer(describeIssuerWithKeys(issuer, fetched), [`${verb} ${toLine(issuer)}`], options)
  }

  issuerOptions(
    issuers,
    'add',
    'trust an issuer, so that clients can trust its tokens: give --issuer, or --spiffe with --bundle-uri or --jwks-uri',
  )
    .addHelpText(
      'after',
      examples(
        `signet issuers add github \\
--issuer https://token.actions.githubusercontent.com`,
        `signet issuers add cluster --spiffe example.org \\
--bundle-uri https://spire.example.org/bundle`,
      ),
    )
    .action(async (name, options) => {
      const settings = { ...defaults, ...(await settingsOf(options, terminal)) }
      if (settings.url === null && settings.trustDomain === null)
        throw new UsageError('Give --issuer URL, or --spiffe with a trust domain.')
      await answerWith(await (await services().issuers()).add(name, settings, operator()), 'Added', options)
    })

  issuers
    .command('list')
    .description('list the trusted issuers')
    .option('--wide', WIDE)
    .option('--json', 'print JSON')
    .action(async ({ wide, json }) => {
      const all = await (await services().issuers()).list()
      answer(all.map(describeIssuer), table(columns, all, { nowMs: services().clock.now(), wide }), { json })
    })

  issuers
    .command('show')
    .description('show an issuer, with its keys: when they were fetched, and which are left out and why')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action(async (name, options) => {
      const issuer = await (await services().issuers()).find(name)
      const fetched = await (await services().issuerInspection()).fetchedKeys(issuer)
      answer(describeIssuerWithKeys(issuer, fetched), linesOf(issuer, fetched, services().clock.now()), options)
    })

  issuerOptions(
    issuers,
    'update',
    'replace what is given and keep the rest; access tokens that were given for its tokens end',
  )
    .option('--yes', YES)
    .addHelpText('after', examples('signet issuers update github --max-lifetime 30m'))
    .action(async (name, options) => {
      const change = await settingsOf(options, terminal)
      if (Object.keys(change).length === 0) throw new UsageError('Say what to update.')
      await confirm(async () => {
        const issuer = await (await services().issuers()).find(name)
        const { tokens } = await trustIn(issuer)
        const endsSome = takes(issuer, completed({ ...issuer, ...change })) && tokens.machines > 0
        return endsSome ? `This ends ${endingTokens(tokens)}, given for tokens of ${name}.` : undefined
      }, options)
      await answerWith(await (await services().issuers()).update(name, change, operator()), 'Updated', options)
    })

  issuers
    .command('remove')
    .description(
      'stop trusting an issuer: its trusts are removed from all clients, and tokens that they got for its tokens end',
    )
    .argument('<name>')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (name, options) => {
      const all = await services().issuers()
      await confirm(async () => {
        const { clients, tokens } = await trustIn(await all.find(name))
        return `This removes ${name} for good, with the trusts of ${counted(clients, 'client')} in it, and ends ${endingTokens(tokens)}.`
      }, options)
      await all.remove(name, operator())
      answer({ name, removed: true }, [`Removed ${name}`], options)
    })

  issuerTestCommand(issuers, services, terminal)

  return issuers
}
