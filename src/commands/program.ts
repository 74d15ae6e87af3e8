/** The `signet` command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 something is due. */
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { StorageUnavailable } from '../records/unit-of-work.ts'
import { apiKeysCommand } from './api-keys.ts'
import { applyCommand } from './apply.ts'
import { auditCommand } from './audit.ts'
import { backupCommand } from './backup.ts'
import { clientsCommand } from './clients.ts'
import { configCommand } from './config.ts'
import { doctorCommand } from './doctor.ts'
import { exportCommand } from './export.ts'
import { issuersCommand } from './issuers.ts'
import { keysCommand } from './keys.ts'
import { migrateCommand } from './migrate.ts'
import { rolesCommand } from './roles.ts'
import { serveCommand } from './serve.ts'
import { sessionsCommand } from './sessions.ts'
import { createTerminal, Due, type Io, Refused, type Terminal, UsageError } from './terminal.ts'
import { usersCommand } from './users.ts'

const USAGE = 2
const REFUSED = 1
const DUE = 3
/** A command that does much does it in several writes. */
const DATABASE_ADVICE =
  ' What was done before stays done: run the command again. docs/error-messages.md has what helps.'

/** In the order of `signet --help`. */
const commands = [
  serveCommand,
  migrateCommand,
  backupCommand,
  doctorCommand,
  usersCommand,
  rolesCommand,
  clientsCommand,
  issuersCommand,
  apiKeysCommand,
  sessionsCommand,
  keysCommand,
  auditCommand,
  configCommand,
  applyCommand,
  exportCommand,
]

type Intersection<Union> = (Union extends unknown ? (of: Union) => void : never) extends (of: infer All) => void
  ? All
  : never

/** What the commands need. Each service is made when it is asked for. */
export type Services = Intersection<ReturnType<Parameters<(typeof commands)[number]>[0]>> & { close(): Promise<void> }

export interface Program {
  /** Called when a command first needs a service: `--help` works with whatever environment. */
  readonly open: (onProgress: (done: number) => void) => Services
  readonly io: Io
  readonly version: string
}

function createProgram(services: () => Services, terminal: Terminal, version: string): Command {
  const program = new Command('signet').description('OAuth 2 token service').version(version)
  for (const command of commands) program.addCommand(command(services, terminal))
  return program
}

/** Errors are thrown, not acted on, in every command below this one; help and complaints go to the caller's streams. */
function speakTo(command: CommandUnknownOpts, io: Io): void {
  command.exitOverride()
  command.configureOutput({ writeOut: text => io.stdout.write(text), writeErr: text => io.stderr.write(text) })
  for (const child of command.commands) speakTo(child, io)
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
  speakTo(program, io)
  try {
    await program.parseAsync([...words], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
    if (error instanceof Due) return DUE
    if (!(error instanceof Refused)) io.stderr.write(`${messageOf(error)}\n`)
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
  return error instanceof StorageUnavailable ? `${error.message}${DATABASE_ADVICE}` : (error.stack ?? error.message)
}
