import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { describeDefinitions } from '../representations/definitions.ts'
import type { DefinitionsService } from './apply.ts'
import { examples } from './help.ts'
import type { Terminal } from './terminal.ts'

/** From the folder of the checkout, where commands are run. */
const HEAD = '# yaml-language-server: $schema=docs/definitions.schema.json'

const HELP = `
'signet apply' takes such a file. It holds no secrets. docs/definitions.md says
more.
${examples('signet export > definitions.yaml')}`

export const exportCommand = (services: () => DefinitionsService, { answer }: Terminal): CommandUnknownOpts =>
  new Command('export')
    .description('print roles, issuers and clients as a file of definitions, in YAML')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async options => {
      const json = describeDefinitions(await (await services().definitions()).export())
      const { stringify } = await import('yaml')
      answer(json, () => [HEAD, stringify(json, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd()], options)
    })
