/** `clients add-key` and `remove-key`: with what a client signs its assertions (private_key_jwt). */
import type { Command } from '@commander-js/extra-typings'
import { registeredKey } from '../accounts/client-keys.ts'
import type { Clients } from '../accounts/clients.ts'
import { notFound } from '../accounts/rules.ts'
import { describeClient } from '../representations/client.ts'
import { readJson } from './files.ts'
import { examples } from './help.ts'
import { operator, type Terminal, UsageError, YES } from './terminal.ts'
import { credentialGoes, type GoingServices } from './what-goes.ts'

export function clientKeyCommands(
  clients: Command,
  services: () => { clients(): Promise<Clients> } & GoingServices,
  { answer, confirm, stdin }: Terminal,
): void {
  clients
    .command('add-key')
    .description('add a public key: with it, the client signs assertions (private_key_jwt); give --jwk or --jwks-uri')
    .argument('<id>')
    .option('--jwk <file>', "one public key as a JWK; '-' reads standard input")
    .option('--jwks-uri <url>', 'where the client publishes its keys as a JWK Set')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'signet clients add-key reports --jwk public-key.json',
        'signet clients add-key reports --jwks-uri https://reports.example.com/keys',
      ),
    )
    .action(async (clientId, { jwk, jwksUri, json }) => {
      if ((jwk === undefined) === (jwksUri === undefined)) throw new UsageError('Give --jwk or --jwks-uri.')
      const source = jwksUri === undefined ? registeredKey(await readJson(jwk ?? '', stdin)) : { jwksUri }
      const { client, added } = await (await services().clients()).addKey(clientId, source, operator())
      answer({ ...describeClient(client), key_id: added.id }, [`Added ${added.id}`], { json })
    })

  clients
    .command('remove-key')
    .description(
      'remove a key: it is refused at once, tokens that the client got for itself with it end, and sessions go on',
    )
    .argument('<id>')
    .argument('<key-id>', 'as `clients show` lists it')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet clients remove-key reports client_key_019a2b'))
    .action(async (clientId, keyId, options) => {
      await confirm(async () => {
        const { keys } = await (await services().clients()).find(clientId)
        const key = keys.find(({ id }) => id === keyId)
        if (key === undefined) throw notFound('key of this client')
        return credentialGoes(services(), { kind: 'key', clientId, credential: key })
      }, options)
      const client = await (await services().clients()).removeKey(clientId, keyId, operator())
      answer(describeClient(client), [`Removed ${keyId}`], options)
    })
}
