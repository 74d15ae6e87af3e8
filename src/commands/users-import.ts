/** `signet users import`: what is asked, how far it is, and what is said of it. */
import type { Command } from '@commander-js/extra-typings'
import { formatNames } from '../maintenance/import/formats/formats.ts'
import type { Import, ImportSummary, Refusal } from '../maintenance/import/import.ts'
import { openSource } from '../maintenance/import/source.ts'
import { DEFAULT_MAX_COST } from '../passwords/forms/forms.ts'
import { examples } from './help.ts'
import { readHashConfig, readPepper } from './import-secrets.ts'
import { collect, oneOf, wholeNumber } from './options.ts'
import { printable } from './printable.ts'
import { operator, Refused, type Terminal, UsageError } from './terminal.ts'
import { wrapEach } from './text-width.ts'

/** Made when it is asked for. */
export interface ImportService {
  userImport(): Promise<Import>
}

const HELP = `
Users who are there already are never changed. A run that was stopped can be
started again: each person is added once. Each refused record is reported with
its line and the reason. docs/import.md says what to export from each system.

Exit codes: 0 all were added, or were there already; 1 a record or the file was
refused; 2 wrong usage.
${examples(
  'signet users import users.jsonl --dry-run',
  'signet users import export.json --format keycloak --role member',
)}`

/** Whoever mistypes a password waits as long as the dearest check takes. */
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
  if (alreadyThere > 0) yield `${people(alreadyThere)} had been added before`
  if (passedOver > 0) yield `${records(passedOver)} passed over: not about a person who signs in`
  if (refused > 0) yield `${records(refused)} refused`
  if (forms.size > 0) yield 'Passwords by form:'
  for (const [form, count] of [...forms].sort()) yield `  ${form}: ${count}`
}

const PEPPER_HINT =
  'A hash does not show whether the other system used a pepper. If it did, nobody of these can sign in: see --pepper-file. Sign in as one of them to know.'
const mayHavePepper = (forms: ReadonlyMap<string, number>): boolean =>
  [...forms.keys()].some(form => /^(bcrypt|argon2|spring pbkdf2)/.test(form))

type Texts = AsyncGenerator<string, ImportSummary>

/** For people: a line for each that is refused. */
async function* inLines(run: AsyncGenerator<Refusal, ImportSummary>, dryRun: boolean, width: number): Texts {
  let next = await run.next()
  for (; !next.done; next = await run.next())
    for (const line of wrapEach([sentenceOf(next.value)], width)) yield `${line}\n`
  for (const line of wrapEach([...linesOf(next.value, dryRun)], width)) yield `${line}\n`
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
  { stdin, stream, display, remark, tellProgress }: Terminal,
): void {
  users
    .command('import')
    .description('add the people of another system, with their password hashes')
    .argument('<file>', "what the other system exported; '-' reads standard input")
    .option('--format <format>', `what wrote the file: ${formatNames.join(', ')} (signet)`, oneOf(formatNames))
    .option('--dry-run', 'report what would be added and refused, and change nothing')
    .option('--username-from <member>', 'the member or column with the name to sign in with, such as email')
    .option('--role <role>', 'a role for everybody, besides those in the file; may be repeated', collect)
    .option('--allow-admin', "allow roles that have Signet's own permissions")
    .option(
      '--max-cost <number>',
      `the most that checking one hash may cost, 1 being a hash of Signet (${DEFAULT_MAX_COST})`,
      wholeNumber(1, HIGHEST_COST),
    )
    .option('--pepper-file <file>', 'a file with the secret that the other system put into every hash')
    .option(
      '--prehash <name>',
      'what was done to passwords before bcrypt, if the hashes do not say: sha256-hex',
      oneOf(['sha256-hex'] as const),
    )
    .option('--hash-config <file>', "a file with Firebase's parameters, copied from its console")
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
        const texts = options.json ? inJson(run, dryRun) : inLines(run, dryRun, display.width)
        const summary = await summaryOf(texts, { stream })
        if (pepper === undefined && summary.added > 0 && mayHavePepper(summary.forms)) remark(PEPPER_HINT)
        if (summary.refused > 0) throw new Refused('')
      } finally {
        await source.close()
      }
    })
}
