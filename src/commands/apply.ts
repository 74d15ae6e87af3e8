import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { DefinitionAdministration } from '../maintenance/apply.ts'
import { NO_SUCH_ISSUER } from '../maintenance/credential-problems.ts'
import { DefinitionsRefused, NO_SUCH_ROLE } from '../maintenance/definition-problems.ts'
import { type Difference, isNothing, takesSomething } from '../maintenance/definitions.ts'
import { type DefinitionsFile, readDefinitions } from './definitions-file.ts'
import { describeDifference, linesOfDifference, linesOfRest, linesOfSecrets } from './difference.ts'
import { type EndingServices, whatEnds } from './difference-ends.ts'
import { examples } from './help.ts'
import { Due, type Lines, operator, type Terminal, UsageError, YES } from './terminal.ts'
import { unbroken, wrapEach } from './text-width.ts'
import { counted } from './what-goes.ts'

/** Made when it is asked for. */
export interface DefinitionsService {
  definitions(): Promise<DefinitionAdministration>
}

const HELP = `
What the file names is made as the file says, lists included, in one write: all
of it or nothing. What it does not name is left as it is. It holds no secrets.
'signet export' writes such a file; docs/definitions.md says more.

Exit codes: 0 applied, or nothing to change; 1 refused, and nothing was changed;
2 wrong usage; 3 with --dry-run, when there is a difference.
${examples('signet apply definitions.yaml --dry-run', 'signet apply definitions.yaml')}`

const NOTHING = 'Nothing to change: all is as the file says.'

const summaryOf = ({ roles, issuers, clients }: Difference): string =>
  `Applied: ${counted(roles.length, 'role')}, ${counted(issuers.length, 'issuer')}, ${counted(clients.length, 'client')}`

/** A sign stays with what is added or removed. */
const inWidth =
  (lines: readonly string[]): Lines =>
  ({ width }) =>
    wrapEach(
      lines.map(line => line.replace(/[+-] /g, unbroken)),
      width,
    )

/** Also what of the rest breaks a rule, so that whoever mends it sees all at once. What is left out may be named by the rest. */
async function refusalOfForm(file: DefinitionsFile, definitions: Promise<DefinitionAdministration>): Promise<Error> {
  try {
    await (await definitions).compare(file.definitions)
  } catch (error) {
    const found = error instanceof DefinitionsRefused ? error.problems : []
    return file.refusal(found.filter(({ message }) => ![NO_SUCH_ROLE, NO_SUCH_ISSUER].includes(message)))
  }
  return file.refusal([])
}

/** What breaks a rule is told with its line. */
async function telling<T>(file: DefinitionsFile, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof DefinitionsRefused ? file.refusal(error.problems) : error
  }
}

interface Asked {
  readonly yes?: true | undefined
  readonly json?: true | undefined
}

/** Says what is about to change, and asks where something ends by it and somebody can answer. */
function createAcceptance(terminal: Terminal, services: () => EndingServices, file: string, { yes, json }: Asked) {
  const { answer, remark, confirm, isTTY } = terminal
  let told: string | undefined

  return async (difference: Difference): Promise<void> => {
    const lines = linesOfDifference(difference)
    const text = lines.join('\n')
    if (text === told) return
    if (told !== undefined) remark('Something has changed meanwhile. Now the difference is:')
    told = text
    const isAsked = isTTY && !yes && takesSomething(difference)
    if (!json) answer({}, inWidth(lines), {})
    else if (isAsked) for (const line of lines) remark(line)
    if (isAsked && file === '-')
      throw new UsageError('Nobody can be asked where the file is standard input: add --yes.')
    if (takesSomething(difference)) await confirm(() => whatEnds(difference, services()), { yes })
  }
}

export function applyCommand(
  services: () => DefinitionsService & EndingServices,
  terminal: Terminal,
): CommandUnknownOpts {
  const { answer, stdin } = terminal
  return new Command('apply')
    .description('make roles, issuers and clients what a file says')
    .argument('<file>', "definitions in YAML or JSON; '-' reads standard input")
    .option('--dry-run', 'print the difference and change nothing; exit code 3 when there is one')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (file, options) => {
      const read = await readDefinitions(file, stdin)
      if (read.problems.length > 0) throw await refusalOfForm(read, services().definitions())
      const definitions = await services().definitions()
      if (options.dryRun) {
        const difference = await telling(read, definitions.compare(read.definitions))
        const lines = isNothing(difference) ? [NOTHING] : linesOfDifference(difference)
        const all = [...lines, ...linesOfRest(difference)]
        answer(describeDifference(difference, false), inWidth(all), options)
        if (!isNothing(difference)) throw new Due('')
        return
      }
      const accept = createAcceptance(terminal, services, file, options)
      const difference = await telling(read, definitions.apply(read.definitions, operator(), accept))
      const isApplied = !isNothing(difference)
      const rest = linesOfRest(difference)
      const lines = isApplied ? [...rest, summaryOf(difference), ...linesOfSecrets(difference)] : [NOTHING, ...rest]
      answer(describeDifference(difference, isApplied), inWidth(lines), options)
    })
}
