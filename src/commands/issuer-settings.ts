/** The settings of a trusted issuer as `issuers add` and `issuers update` are given them. */
import type { Command } from '@commander-js/extra-typings'
import { issuerKeysIn } from '../accounts/issuer-rules.ts'
import type { KeyLeftOut } from '../records/fetched-keys.ts'
import type { IssuerKeySource, IssuerSettings } from '../records/trusted-issuer.ts'
import { readJson } from './files.ts'
import { duration } from './options.ts'
import { printable } from './printable.ts'
import { type Terminal, UsageError } from './terminal.ts'

interface IssuerOptions {
  issuer?: string | undefined
  spiffe?: string | undefined
  jwksUri?: string | undefined
  jwks?: string | undefined
  bundleUri?: string | undefined
  audience?: string | undefined
  maxLifetime?: number | undefined
  shared?: boolean | undefined
}

/** Of a key set. */
export const lineOfLeftOut = ({ kid = 'without a kid', problem }: KeyLeftOut): string =>
  `Left out, key ${printable(kid)}: ${problem}`

/** @throws UsageError for two at once; FileRefused, AccountError for a file */
async function keySourceOf(
  { jwksUri, jwks, bundleUri }: IssuerOptions,
  { stdin, remark }: Pick<Terminal, 'stdin' | 'remark'>,
): Promise<IssuerKeySource | undefined> {
  const given = [jwksUri, jwks, bundleUri].filter(source => source !== undefined)
  if (given.length > 1) throw new UsageError('Give one of --jwks-uri, --jwks and --bundle-uri.')
  if (jwksUri === '') return { kind: 'discovery' }
  if (jwksUri !== undefined) return { kind: 'jwks_uri', uri: jwksUri }
  if (bundleUri !== undefined) return { kind: 'bundle_uri', uri: bundleUri }
  if (jwks === undefined) return undefined
  const { keys, leftOut } = issuerKeysIn(await readJson(jwks, stdin))
  for (const line of leftOut.map(lineOfLeftOut)) remark(line)
  return { kind: 'jwks', keys }
}

/** Those that were given, and no others. */
export async function settingsOf(
  options: IssuerOptions,
  terminal: Pick<Terminal, 'stdin' | 'remark'>,
): Promise<Partial<IssuerSettings>> {
  const { issuer, spiffe, audience, maxLifetime, shared } = options
  const keySource = await keySourceOf(options, terminal)
  return {
    ...(issuer !== undefined && { url: issuer === '' ? null : issuer }),
    ...(spiffe !== undefined && { trustDomain: spiffe }),
    ...(keySource && { keySource }),
    ...(audience !== undefined && { audience: audience === '' ? null : audience }),
    ...(maxLifetime !== undefined && { maxLifetimeSeconds: maxLifetime }),
    ...(shared !== undefined && { isShared: shared }),
  }
}

/** Adds the options of the settings to a command. */
export const issuerOptions = (issuers: Command, verb: string, description: string) =>
  issuers
    .command(verb)
    .description(description)
    .argument('<name>', 'what you call it')
    .option(
      '--issuer <url>',
      'the iss of its tokens, byte for byte; its keys are found by discovery unless another option names them',
    )
    .option('--spiffe <domain>', 'a SPIFFE trust domain, for example example.org')
    .option('--jwks-uri <url>', "where its keys are; '' leaves that to discovery again")
    .option('--jwks <file>', "a JWK Set with its keys; '-' reads standard input")
    .option('--bundle-uri <url>', 'where the SPIFFE bundle is (profile https_web)')
    .option(
      '--audience <value>',
      "the aud of its tokens, where it is not this service's issuer URL; '' makes it that again",
    )
    .option(
      '--max-lifetime <duration>',
      'how long its tokens live at most, for example 25h; 1h for a new one',
      duration,
    )
    .option('--shared', 'many people have tokens of it, so that a claim must name whose')
    .option('--no-shared', 'all of its tokens are of one owner')
    .option('--json', 'print JSON')
