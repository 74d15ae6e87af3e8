import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { CredentialChoice } from '../maintenance/accept-restore.ts'
import type { Doctor, Finding } from '../maintenance/doctor.ts'
import {
  describeAccepted,
  describeAtStake,
  linesOfAccepted,
  linesOfAtStake,
  linesOfMove,
  linesOfRestored,
  RESTORED_ENDS,
  whatAcceptingEnds,
} from './doctor-restore.ts'
import { examples } from './help.ts'
import { printable } from './printable.ts'
import { type Colour, type Lines, operator, Refused, type Terminal, UsageError, YES } from './terminal.ts'
import { unbrokenCommands, wrap, wrapEach } from './text-width.ts'

/** Made when it is asked for. */
export interface DoctorService {
  doctor(): Promise<Doctor>
}

interface Asked {
  readonly restored?: true | undefined
  readonly acceptMove?: true | undefined
  readonly acceptRestore?: true | undefined
  readonly keepCredentials?: true | undefined
  readonly dropCredentials?: true | undefined
}

/** @throws UsageError when there are two, or nothing that they are about */
function choiceIn({
  restored,
  acceptMove,
  acceptRestore,
  keepCredentials,
  dropCredentials,
}: Asked): CredentialChoice | undefined {
  if (restored && acceptRestore)
    throw new UsageError('Give --restored first, and then --accept-restore, which says what there is to decide.')
  if (acceptMove && (restored || acceptRestore))
    throw new UsageError(
      'A database was moved, and nothing is missing from it, or it was put back: give one of the two.',
    )
  if (keepCredentials && dropCredentials)
    throw new UsageError('Give --keep-credentials or --drop-credentials, not both.')
  const choice = keepCredentials ? 'keep' : dropCredentials ? 'drop' : undefined
  if (choice !== undefined && !acceptRestore)
    throw new UsageError(`--${choice}-credentials is about a restore: give --accept-restore, too.`)
  return choice
}

/** Under what is found, behind the word in front of it. */
const INDENT = ' '.repeat('PROBLEM  '.length)

/** A command or a path stays in one line, so that it can be copied. */
const wrapped = (text: string, width: number): string[] => wrap(unbrokenCommands(text), width, INDENT, 'keep')

const colours: Readonly<Record<string, Colour>> = { ok: 'green', PROBLEM: 'red', WARNING: 'yellow' }

function lineOf({ check, problem, warning, note }: Finding): string {
  if (problem !== undefined) return `PROBLEM  ${check}: ${problem}`
  if (warning !== undefined) return `WARNING  ${check}: ${warning}`
  return note === undefined ? `ok       ${check}` : `note     ${check}: ${note}`
}

/** What keeps several checks from looking is told once. */
function textOf(finding: Finding, findings: readonly Finding[]): string {
  const { check, problem } = finding
  const first = problem === undefined ? finding : findings.find(each => each.problem === problem)
  if (first === undefined || first === finding) return lineOf(finding)
  return `PROBLEM  ${check}: not checked, for the same reason as ${first.check}`
}

const linesOf =
  (findings: readonly Finding[]): Lines =>
  ({ width, paint }) =>
    findings
      .flatMap(finding => wrapped(printable(textOf(finding, findings)), width))
      .map(line => line.replace(/^\w+/, word => (colours[word] ? paint(colours[word], word) : word)))

const describeFinding = ({ check, problem, warning, note }: Finding) => ({
  check,
  ok: problem === undefined,
  problem: problem ?? null,
  warning: warning ?? null,
  note: note ?? null,
})

export const doctorCommand = (services: () => DoctorService, { answer, confirm }: Terminal): CommandUnknownOpts =>
  new Command('doctor')
    .description('check configuration, database, clock, keys and credentials, and say what to mend')
    .option(
      '--restored',
      'say that the database was put back from something other than a signet backup: it serves nothing then',
    )
    .option(
      '--accept-restore',
      'after a backup was put back: end what is older, and serve again; alone, say what to decide',
    )
    .option(
      '--accept-move',
      'after the database moved to another PostgreSQL server and nothing is missing: serve again, and end nothing',
    )
    .option('--keep-credentials', 'with --accept-restore: client secrets, keys and trusts, and API keys go on working')
    .option('--drop-credentials', 'with --accept-restore: all of them are revoked')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples('signet doctor', 'signet doctor --accept-restore', 'signet doctor --accept-restore --keep-credentials'),
    )
    .action(async options => {
      const choice = choiceIn(options)
      const doctor = await services().doctor()
      if (options.restored) {
        await confirm(() => RESTORED_ENDS, options)
        await doctor.markRestored(operator())
        answer({ ok: true, restored: true }, linesOfRestored, options)
        return
      }
      if (options.acceptMove) await doctor.acceptMove(operator())
      if (options.acceptRestore && choice === undefined) {
        const stakes = await doctor.atStake()
        answer(describeAtStake(stakes), linesOfAtStake(stakes), options)
        throw new Refused('')
      }
      if (choice !== undefined) await confirm(async () => whatAcceptingEnds(await doctor.atStake(), choice), options)
      const accepted = choice && (await doctor.acceptRestore(choice, operator()))
      const findings = await doctor.examine()
      const isWell = findings.every(({ problem }) => problem === undefined)
      answer(
        {
          ok: isWell,
          findings: findings.map(describeFinding),
          ...(accepted && { accepted_restore: describeAccepted(accepted) }),
          ...(options.acceptMove && { accepted_move: true }),
        },
        display => [
          ...wrapEach(accepted === undefined ? [] : linesOfAccepted(accepted), display.width),
          ...(options.acceptMove ? linesOfMove : []),
          ...linesOf(findings)(display),
        ],
        options,
      )
      if (!isWell) throw new Refused('')
    })
