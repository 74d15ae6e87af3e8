import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { examples } from './help.ts'
import { Due, type Terminal } from './terminal.ts'

interface StepAhead {
  readonly name: string
  readonly breaking: boolean
}

interface Step extends StepAhead {
  /** What it does, if it says so. */
  readonly description: string | undefined
}

export interface MigrateService {
  /** Answers the migrations that ran, and those that a newer Signet ran before. */
  migrate(): Promise<{ readonly ran: readonly Step[]; readonly ahead: readonly StepAhead[] }>
  /** Changes nothing. */
  checkSchema(): Promise<{ readonly due: readonly Step[]; readonly ahead: readonly StepAhead[] }>
}

const UP_TO_DATE = 'The schema is up to date'

const lineOf = (word: string, { name, description }: Step): string =>
  description ? `${word} ${name}: ${description}` : `${word} ${name}`

const linesOfAhead = (ahead: readonly StepAhead[]): string[] =>
  ahead.map(({ name }) => `Ahead ${name}: a newer Signet ran it, and this version can work with it`)

function linesOfDue(step: Step): string[] {
  return step.breaking
    ? [lineOf('Due', step), '  It is breaking: stop every instance of an older version before it runs']
    : [lineOf('Due', step)]
}

export const migrateCommand = (services: () => MigrateService, { answer }: Terminal): CommandUnknownOpts =>
  new Command('migrate')
    .description('bring the database schema up to date (serve does so by itself)')
    .option('--check', 'say what would run, and change nothing; exit code 3 when something is due')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet migrate --check', 'signet migrate'))
    .action(async options => {
      if (options.check) {
        const { due, ahead } = await services().checkSchema()
        const lines = [...linesOfAhead(ahead), ...due.flatMap(linesOfDue)]
        const described = due.map(step => ({ ...step, description: step.description ?? null }))
        answer({ due: described, ahead }, due.length > 0 ? lines : [...lines, UP_TO_DATE], options)
        if (due.length > 0) throw new Due('')
        return
      }
      const { ran, ahead } = await services().migrate()
      const lines = [...linesOfAhead(ahead), ...ran.map(step => lineOf('Ran', step))]
      answer({ migrations: ran.map(({ name }) => name) }, ran.length > 0 ? lines : [...lines, UP_TO_DATE], options)
    })
