/** `signet users import`: what is asked, how far it is, and what is said of it. */
import type { Command } from '@commander-js/extra-typings'
import { formatNames } from '../maintenance/import/formats/formats.ts'
import type { Import, ImportSummary, Refusal } from '../maintenance/import/import.ts'
import { openSource } from '../maintenance/import/source.ts'
import { DEFAULT_MAX_COST } from '../passwords/forms/forms.ts'
import { readHashConfig, readPepper } from './import-secrets.ts'
import { collect, oneOf, wholeNumber } from './options.ts'
import { printable } from './printable.ts'
import { operator, Refused, type Terminal, UsageError } from './terminal.ts'

/** Made when it is asked for. */
export interface ImportService {
  userImport(): Promise<Import>
}

const HELP = `
Nobody who is there is changed, and a run that was stopped is started again: each person is added once. Every record that is
refused is told of with its line and the reason. docs/import.md has a table of systems: what to export, and how.

Exit codes: 0 all were added or were there already; 1 some records were refused, or the file was; 2 wrong usage.`

/** Dearer checks keep everybody who is refused waiting. */
const HIGHEST_COST = 1000

const sentenceOf = ({ place, reason }: Refusal): string => `${place.unit} ${place.number}: ${printable(reason)}`
const memberOf = ({ place, reason }: Refusal): object => ({ [place.unit]: place.number, reason })

const people = (count: number): string => `${count} ${count === 1 ? 'person' : 'people'}`
const records = (count: number): string => (count === 1 ? '1 record was' : `${count} records were`)

function* linesOf(
  { added, alreadyThere, refused, passedOver, forms }: ImportSummary,
  dryRun: boolean,
): Generator<string> {
  yield dryRun ? `${people(added)} would be added` : `Added ${people(added)}`
  if (alreadyThere > 0) yield `${people(alreadyThere)} had been added by an earlier run`
  if (passedOver > 0) yield `${records(passedOver)} of something else, and passed over`
  if (refused > 0) yield `${records(refused)} refused`
  if (forms.size > 0) yield 'Hashes that were read:'
  for (const [form, count] of [...forms].sort()) yield `  ${form}: ${count}`
}

const PEPPER_HINT =
  'If the other system used a pepper, nobody with such a hash can sign in, and no hash shows it: see --pepper-file. Try one account first.'
const mayHavePepper = (forms: ReadonlyMap<string, number>): boolean =>
  [...forms.keys()].some(form => /^(bcrypt|argon2|spring pbkdf2)/.test(form))

type Texts = AsyncGenerator<string, ImportSummary>

/** For people: a line for each that is refused. */
async function* inLines(run: AsyncGenerator<Refusal, ImportSummary>, dryRun: boolean): Texts {
  let next = await run.next()
  for (; !next.done; next = await run.next()) yield `${sentenceOf(next.value)}\n`
  for (const line of linesOf(next.value, dryRun)) yield `${line}\n`
  return next.value
}

/** The same as one JSON value, which may be larger than memory: its parts. One that has begun is ended, whatever happens. */
async function* inJson(run: AsyncGenerator<Refusal, ImportSummary>, dryRun: boolean): Texts {
  let separator = '{"refused":['
  try {
    let next = await run.next()
    for (; !next.done; next = await run.next()) {
      yield `${separator}${JSON.stringify(memberOf(next.value))}`
      separator = ','
    }
    const { added, alreadyThere, passedOver, forms } = next.value
    const counts = { added, already_there: alreadyThere, passed_over: passedOver, dry_run: dryRun }
    const rest = JSON.stringify({ ...counts, forms: Object.fromEntries([...forms].sort()) })
    yield `${separator === ',' ? '' : separator}],${rest.slice(1)}\n`
    return next.value
  } catch (error) {
    if (separator === ',') yield '],"stopped":true}\n'
    throw error
  }
}

/** Hands the texts on and keeps what the generator answers at its end. */
async function summaryOf(texts: Texts, { stream }: Pick<Terminal, 'stream'>): Promise<ImportSummary> {
  let summary: ImportSummary | undefined
  await stream(
    (async function* () {
      summary = yield* texts
    })(),
  )
  return summary as ImportSummary
}

export function usersImportCommand(
  users: Command,
  services: () => ImportService,
  { stdin, stream, remark, tellProgress }: Terminal,
): void {
  users
    .command('import')
    .description('add the people of another system, with the hashes of their passwords')
    .argument('<file>', "what the other system exported; '-' reads standard input")
    .option('--format <format>', `of the file: ${formatNames.join(', ')} (signet)`, oneOf(formatNames))
    .option('--dry-run', 'say what would be refused, and change nothing')
    .option('--username-from <member>', 'the member or column that is the name to sign in with: email, for example')
    .option('--role <role>', 'a role that everybody gets, besides those of the file; may be repeated', collect)
    .option('--allow-admin', "let roles be given that have Signet's own permissions")
    .option(
      '--max-cost <number>',
      `what one check of a hash may cost; 1 is what a hash of Signet costs (${DEFAULT_MAX_COST})`,
      wholeNumber(1, HIGHEST_COST),
    )
    .option('--pepper-file <file>', 'the secret that the other system used in every hash')
    .option(
      '--prehash <name>',
      'what was done to passwords before bcrypt, where hashes do not say so: sha256-hex',
      oneOf(['sha256-hex'] as const),
    )
    .option('--hash-config <file>', "Firebase's parameters, as its console shows them")
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (file, options) => {
      if ([file, options.pepperFile, options.hashConfig].filter(name => name === '-').length > 1)
        throw new UsageError('Only one of the files can be standard input.')
      if (options.usernameFrom !== undefined && (options.format ?? 'signet') === 'signet')
        throw new UsageError('--username-from is for the formats of other systems.')
      const pepper = options.pepperFile === undefined ? undefined : await readPepper(options.pepperFile, stdin)
      const hashConfig = options.hashConfig === undefined ? undefined : await readHashConfig(options.hashConfig, stdin)
      const { format = 'signet', usernameFrom, maxCost = DEFAULT_MAX_COST, role: roles = [], prehash } = options
      const [dryRun, allowsAdmin] = [options.dryRun === true, options.allowAdmin === true]
      const source = await openSource(file, stdin)
      try {
        const asked = {
          format,
          usernameFrom,
          dryRun,
          allowsAdmin,
          maxCost,
          roles,
          forms: { pepper, prehash, hashConfig },
        }
        const run = (await services().userImport()).run(source, asked, operator(), tellProgress)
        const summary = await summaryOf(options.json ? inJson(run, dryRun) : inLines(run, dryRun), { stream })
        if (pepper === undefined && mayHavePepper(summary.forms)) remark(PEPPER_HINT)
        if (summary.refused > 0) throw new Refused('')
      } finally {
        await source.close()
      }
    })
}
