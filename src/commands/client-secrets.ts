/** `clients add-secret` and `remove-secret`, and how a secret is asked for and shown. */
import type { Command } from '@commander-js/extra-typings'
import { clientSecretProblem } from '../accounts/client-rules.ts'
import type { WithSecret } from '../accounts/client-secrets.ts'
import type { Clients } from '../accounts/clients.ts'
import { notFound } from '../accounts/rules.ts'
import { describeClient, describeWithSecret } from '../representations/client.ts'
import { examples } from './help.ts'
import { duration } from './options.ts'
import { printable } from './printable.ts'
import { operator, type SecretQuestion, type Terminal, YES } from './terminal.ts'
import { credentialGoes, type GoingServices } from './what-goes.ts'

export const SECRET_STDIN =
  'read the secret from standard input instead of making one: 32 to 256 printable ASCII characters, at least 10 of them different'

/** Of a client that takes one. */
export const secretOf = (clientId: string): SecretQuestion => ({
  question: `Secret for ${printable(clientId)} (32 to 256 ASCII characters)`,
  problemOf: clientSecretProblem,
})

export const secretLines = ({ generatedSecret }: WithSecret): string[] =>
  generatedSecret === undefined ? [] : [`Secret (it is not shown again): ${generatedSecret}`]

export function clientSecretCommands(
  clients: Command,
  services: () => { clients(): Promise<Clients> } & GoingServices,
  { answer, confirm, readSecret }: Terminal,
): void {
  clients
    .command('add-secret')
    .description('add a secret beside the others: so secrets are exchanged without an interruption; 20 at most')
    .argument('<id>')
    .option('--name <name>', 'what the secret is for, in 1 to 64 characters')
    .option('--expires <duration>', 'how long it works, for example 90d; without it, for good', duration)
    .option('--secret-stdin', SECRET_STDIN)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'signet clients add-secret reports --name october --expires 90d',
        'signet clients add-secret reports --secret-stdin < secret',
      ),
    )
    .action(async (clientId, options) => {
      const asked = { name: options.name, ttlSeconds: options.expires }
      const secret =
        options.secretStdin &&
        (await readSecret('secret', '--secret-stdin', options.secretStdin, async () => {
          await (await services().clients()).assertMayAddSecret(clientId, asked)
          return secretOf(clientId)
        }))
      const added = await (await services().clients()).addSecret(clientId, { ...asked, secret }, operator())
      answer(describeWithSecret(added), [`Added ${added.secretId}`, ...secretLines(added)], options)
    })

  clients
    .command('remove-secret')
    .description(
      'remove a secret: it is refused at once, tokens that the client got for itself with it end, and sessions go on',
    )
    .argument('<id>')
    .argument('<secret-id>', 'as `clients show` lists it')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet clients remove-secret reports secret_019a2b'))
    .action(async (clientId, secretId, options) => {
      await confirm(async () => {
        const { secrets } = await (await services().clients()).find(clientId)
        const secret = secrets.find(({ id }) => id === secretId)
        if (secret === undefined) throw notFound('secret of this client')
        return credentialGoes(services(), { kind: 'secret', clientId, credential: secret })
      }, options)
      const client = await (await services().clients()).removeSecret(clientId, secretId, operator())
      answer(describeClient(client), [`Removed ${secretId}`], options)
    })
}
