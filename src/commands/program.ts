/** The `signet` command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 something is due. */
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { StorageNotOpened, StorageUnavailable } from '../records/unit-of-work.ts'
import { apiKeysCommand } from './api-keys.ts'
import { applyCommand } from './apply.ts'
import { auditCommand } from './audit.ts'
import { backupCommand } from './backup.ts'
import { clientsCommand } from './clients.ts'
import { configCommand } from './config.ts'
import { doctorCommand } from './doctor.ts'
import { exportCommand } from './export.ts'
import { asOption, examples, speakTo } from './help.ts'
import { issuersCommand } from './issuers.ts'
import { keysCommand } from './keys.ts'
import { migrateCommand } from './migrate.ts'
import { Interrupted } from './questions.ts'
import { rolesCommand } from './roles.ts'
import { serveCommand } from './serve.ts'
import { sessionsCommand } from './sessions.ts'
import { createTerminal, Due, type Io, Refused, type Terminal, UsageError } from './terminal.ts'
import { usersCommand } from './users.ts'
import { versionCommand } from './version.ts'

const USAGE = 2
const REFUSED = 1
const DUE = 3
/** As shells have it for Ctrl-C: 128 and the number of the signal. */
const INTERRUPTED = 130
/** A command that does much does it in several writes. */
const DONE = 'What was done before stays done'
const WHAT_HELPS = 'docs/error-messages.md has what helps.'

/** In the order of `signet --help`. */
const groups = {
  'The service:': [serveCommand, doctorCommand, configCommand, migrateCommand, backupCommand],
  'Who may have tokens:': [usersCommand, rolesCommand, clientsCommand, apiKeysCommand, issuersCommand],
  'What happens:': [sessionsCommand, keysCommand, auditCommand],
  'All in a file:': [applyCommand, exportCommand],
} as const

type Commands = (typeof groups)[keyof typeof groups][number]

type Intersection<Union> = (Union extends unknown ? (of: Union) => void : never) extends (of: infer All) => void
  ? All
  : never

/** What the commands need. Each service is made when it is asked for. */
export type Services = Intersection<ReturnType<Parameters<Commands>[0]>> & { close(): Promise<void> }

export interface Program {
  /** Called when a command first needs a service: `--help` works with whatever environment. */
  readonly open: (onProgress: (done: number) => void) => Services
  readonly io: Io
  readonly version: string
}

const DESCRIPTION = `OAuth 2 token service: people and programs exchange credentials for short-lived
access tokens, which your services verify offline.`

const FIRST_STEPS = `${examples(
  'signet serve',
  'signet roles add editor --permission posts:write',
  'signet users add alice --role editor',
  `signet clients add blog --public --grant password --grant refresh_token \\
--scope posts:write --audience https://api.example.com`,
  'signet audit tail --follow',
)}

In a checkout, type ./signet in place of signet. Each command has help of its
own: signet users --help, signet users add --help.
Documentation: README.md for the first hour; docs/runbooks.md and
docs/error-messages.md when something is wrong; docs/ for everything else.`

function createProgram(services: () => Services, terminal: Terminal, version: string): CommandUnknownOpts {
  const program = new Command('signet').description(DESCRIPTION).version(version).addHelpText('after', FIRST_STEPS)
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading)
    for (const command of commands as readonly Commands[]) program.addCommand(command(services, terminal))
  }
  return program.commandsGroup('Help:').addCommand(versionCommand(version, terminal)).helpCommand(true)
}

/**
 * Runs one command.
 * @param words the command line after `signet`
 * @returns the exit code
 */
export async function runProgram({ open, io, version }: Program, words: readonly string[]): Promise<number> {
  let opened: Services | undefined
  const services = () => {
    opened ??= open(terminal.tellProgress)
    return opened
  }
  const terminal = createTerminal(io)
  const program = createProgram(services, terminal, version)
  speakTo(program, io, terminal.remark)
  try {
    await program.parseAsync([...asOption(program, words)], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
    if (error instanceof Due) return DUE
    if (error instanceof Interrupted && error.isSignal) {
      terminal.remark(error.message)
      return INTERRUPTED
    }
    if (!(error instanceof Refused)) terminal.remark(messageOf(error))
    return error instanceof UsageError ? USAGE : REFUSED
  } finally {
    await opened?.close()
  }
}

/** Their messages say all there is to say; of every other error, the stack is what helps. */
const SAYS_IT_ALL = new Set([
  'AccountError',
  'CannotListen',
  'ConfigurationError',
  'FileRefused',
  'FilesChanged',
  'ForeignOwner',
  'HashingUnavailable',
  'Interrupted',
  'KeyError',
  'PasswordRefused',
  'SchemaIsNewer',
  'StorageRefused',
  'TooManyWaiting',
  'UsageError',
])

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (SAYS_IT_ALL.has(error.name)) return error.message
  if (error instanceof StorageNotOpened) return `${error.message} ${WHAT_HELPS}`
  if (!(error instanceof StorageUnavailable)) return error.stack ?? error.message
  const next = error.mustBeMended ? 'mend that, and then run the command again' : 'run the command again'
  return `${error.message} ${DONE}: ${next}. ${WHAT_HELPS}`
}
