/** The settings of a client as `clients add` and `clients update` are given them. */
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { grantLimitsProblem } from '../accounts/client-rules.ts'
import { type ClientSettings, type GrantLimits, grantTypes } from '../records/client.ts'
import { collect, collectFrom, duration } from './options.ts'

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

export interface SettingsOptions {
  grant?: readonly string[] | undefined
  scope?: readonly string[] | undefined
  audience?: readonly string[] | undefined
  origin?: readonly string[] | undefined
  introspect?: readonly string[] | undefined
  accessTokenTtl?: number | 'default' | undefined
  grantsPerMinute?: GrantLimits | 'unlimited' | undefined
  mayGrant?: readonly string[] | undefined
  forwardsAddress?: string | undefined
}

/** The settings that were given, and no others. */
export const settingsOf = (options: SettingsOptions): Partial<ClientSettings> => ({
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
  ...(options.mayGrant && { mayGrant: options.mayGrant }),
  ...(options.forwardsAddress !== undefined && {
    forwardsAddress: options.forwardsAddress === '' ? null : options.forwardsAddress.toLowerCase(),
  }),
})

/** Adds the options of the settings to a command. */
export const settingsCommand = (clients: Command, verb: string, description: string) =>
  clients
    .command(verb)
    .description(description)
    .argument('<id>', 'the client_id')
    .option(
      '--grant <grant>',
      `a grant type it may use; may be repeated; one of ${grantTypes.join(', ')}`,
      collectFrom(grantTypes),
    )
    .option(
      '--scope <scope>',
      "a permission it may ask for, or '*' for whatever the user has; may be repeated",
      collect,
    )
    .option(
      '--audience <audience>',
      'a resource service its tokens are for, by URI or name, the default first; may be repeated; a client with a grant needs one',
      collect,
    )
    .option(
      '--origin <origin>',
      'the origin of a web page that may use it, for example https://login.example.com; may be repeated',
      collect,
    )
    .option(
      '--introspect <audience>',
      'an audience whose tokens it may introspect; not for a public client; may be repeated',
      collect,
    )
    .option('--access-token-ttl <duration>', "how long its access tokens live, for example 10m, or 'default'", lifetime)
    .option(
      '--grants-per-minute <limit>',
      "how many tokens it gets in a minute, and after a slash how many for one subject: 600 or 600/10, or 'unlimited'",
      grantLimits,
    )
    .option(
      '--may-grant <role>',
      'a role that it may grant over HTTP when it asks for itself, and on whose users it may act; may be repeated',
      collect,
    )
    .option(
      '--forwards-address <header>',
      "the header in which a mail or network server says from where a person signs in, for example x-dovecot-auth-remote; '' takes it back",
    )
    .option('--json', 'print JSON')
