import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Clients } from '../accounts/clients.ts'
import type { TrustedIssuers } from '../accounts/trusted-issuers.ts'
import { formatDuration, isoTime } from '../clock.ts'
import type { IssuerInspection } from '../oauth/assertions/inspection.ts'
import type { FetchedKeys } from '../records/fetched-keys.ts'
import { DEFAULT_MAX_LIFETIME_SECONDS, type IssuerSettings, type TrustedIssuer } from '../records/trusted-issuer.ts'
import { describeIssuer, describeIssuerWithKeys } from '../representations/trusted-issuer.ts'
import { issuerOptions, lineOfLeftOut, settingsOf } from './issuer-settings.ts'
import { issuerTestCommand } from './issuer-test.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'
import { operator, type Terminal, UsageError, YES } from './terminal.ts'
import { counted } from './what-goes.ts'

/** Made when it is asked for. */
export interface IssuersService {
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

const toLine = ({ name, url, trustDomain }: TrustedIssuer): string => `${name}  ${url ?? `spiffe://${trustDomain}`}`

function linesOfKeys(issuer: TrustedIssuer, fetched: FetchedKeys | undefined): string[] {
  const { keys, keys_left_out: leftOut } = describeIssuerWithKeys(issuer, fetched)
  const { fetchedAtMs, failure } = fetched ?? {}
  const since =
    fetchedAtMs === undefined
      ? `never${failure === undefined ? ': they are at the first use' : ''}`
      : isoTime(fetchedAtMs)
  return [
    ...(issuer.keySource.kind === 'jwks' ? [] : [`keys fetched: ${since}`]),
    ...(failure ? [`could not be fetched at ${isoTime(failure.atMs)}: ${printable(failure.message)}`] : []),
    ...keys.map(({ kid, alg }) => `key: ${printable(kid ?? '')}  ${alg}`),
    ...leftOut.map(({ kid, problem }) => `left out: ${printable(kid ?? 'one without a kid')}: ${problem}`),
  ]
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
  const issuers = new Command('issuers').description("trusted issuers of workloads' tokens: CI jobs, clusters, clouds")

  async function answerWith(issuer: TrustedIssuer, verb: string, options: { json?: true | undefined }) {
    const fetched = await (await services().issuerInspection()).fetchKeys(issuer)
    for (const line of remarksOn(issuer, fetched, services().issuer)) remark(line)
    answer(describeIssuerWithKeys(issuer, fetched), [`${verb} ${toLine(issuer)}`], options)
  }

  issuerOptions(
    issuers,
    'add',
    'trust an issuer: its tokens prove that a client which trusts it, too, is that client',
  ).action(async (name, options) => {
    const settings = { ...defaults, ...(await settingsOf(options, terminal)) }
    if (settings.url === null && settings.trustDomain === null)
      throw new UsageError('Give --issuer URL, or --spiffe with a trust domain.')
    await answerWith(await (await services().issuers()).add(name, settings, operator()), 'Added', options)
  })

  issuers
    .command('list')
    .description('list the trusted issuers')
    .option('--json', 'print JSON')
    .action(async options => {
      const all = await (await services().issuers()).list()
      const rows = all.map(issuer => [
        ...[issuer.name, issuer.url ?? '', issuer.trustDomain ?? '', issuer.keySource.kind],
        formatDuration(issuer.maxLifetimeSeconds),
      ])
      answer(all.map(describeIssuer), table(['NAME', 'ISSUER', 'SPIFFE', 'KEYS FROM', 'LIFETIME'], rows), options)
    })

  issuers
    .command('show')
    .description('show an issuer: also when its keys were fetched, which it has, which are left out and why')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action(async (name, options) => {
      const issuer = await (await services().issuers()).find(name)
      const fetched = await (await services().issuerInspection()).fetchedKeys(issuer)
      const members = Object.entries(describeIssuer(issuer)).filter(([, value]) => value !== null)
      const lines = members.map(([member, value]) => `${member}: ${JSON.stringify(value)}`)
      answer(describeIssuerWithKeys(issuer, fetched), [...lines, ...linesOfKeys(issuer, fetched)], options)
    })

  issuerOptions(
    issuers,
    'update',
    'replace what is given and keep the rest; access tokens that were given for its tokens end',
  ).action(async (name, options) => {
    const change = await settingsOf(options, terminal)
    if (Object.keys(change).length === 0) throw new UsageError('Say what to update.')
    await answerWith(await (await services().issuers()).update(name, change, operator()), 'Updated', options)
  })

  issuers
    .command('remove')
    .description('trust an issuer no more: its trusts go from all clients, and what they got for its tokens ends')
    .argument('<name>')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .action(async (name, options) => {
      const all = await services().issuers()
      await confirm(async () => {
        const { id } = await all.find(name)
        const clients = await (await services().clients()).list()
        const trusting = clients.filter(({ trusts }) => trusts.some(({ issuerId }) => issuerId === id))
        return `${name} goes for good, with the trusts of ${counted(trusting.length, 'client')} and what they got for its tokens.`
      }, options)
      await all.remove(name, operator())
      answer({ name, removed: true }, [`Removed ${name}`], options)
    })

  issuerTestCommand(issuers, services, terminal)

  return issuers
}
