/** `clients add-trust` and `remove-trust`: which tokens of a trusted issuer prove that a workload is the client. */
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import type { Clients } from '../accounts/clients.ts'
import { notFound } from '../accounts/rules.ts'
import type { Condition } from '../records/client-trust.ts'
import { describeClient } from '../representations/client.ts'
import { examples } from './help.ts'
import { operator, type Terminal, YES } from './terminal.ts'
import { credentialGoes, type GoingServices } from './what-goes.ts'

/** The first `=` ends the name. */
function condition(text: string, before: readonly Condition[] = []): readonly Condition[] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It is NAME=VALUE, for example repository_id=123456.')
  return [...before, { name: text.slice(0, at), value: text.slice(at + 1) }]
}

export function clientTrustCommands(
  clients: Command,
  services: () => { clients(): Promise<Clients> } & GoingServices,
  { answer, confirm }: Terminal,
): void {
  clients
    .command('add-trust')
    .description(
      'trust the tokens of a workload: one of a trusted issuer, with these claims, proves that it is this client',
    )
    .argument('<id>')
    .requiredOption('--issuer <name>', 'as `issuers list` has it')
    .requiredOption(
      '--claim <name=value>',
      'a claim that the token must have; may be repeated, and all must hold; a name that begins with a slash is a JSON Pointer',
      condition,
    )
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet clients add-trust deploy --issuer github --claim repository_id=123'))
    .action(async (clientId, { issuer, claim, json }) => {
      const { client, added } = await (await services().clients()).addTrust(clientId, issuer, claim, operator())
      answer({ ...describeClient(client), trust_id: added.id }, [`Added ${added.id}`], { json })
    })

  clients
    .command('remove-trust')
    .description(
      'remove a trust: such tokens are refused at once, tokens that the client got for them end, and sessions go on',
    )
    .argument('<id>')
    .argument('<trust-id>', 'as `clients show` lists it')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet clients remove-trust deploy trust_019a2b'))
    .action(async (clientId, trustId, options) => {
      await confirm(async () => {
        const { trusts } = await (await services().clients()).find(clientId)
        const trust = trusts.find(({ id }) => id === trustId)
        if (trust === undefined) throw notFound('trust of this client')
        return credentialGoes(services(), { kind: 'trust', clientId, credential: trust })
      }, options)
      const client = await (await services().clients()).removeTrust(clientId, trustId, operator())
      answer(describeClient(client), [`Removed ${trustId}`], options)
    })
}
