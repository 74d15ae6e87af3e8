/** The `signet` command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage. */
import { Command, CommanderError } from '@commander-js/extra-typings'
import { StorageUnavailable } from '../records/unit-of-work.ts'
import { clientsCommand } from './clients.ts'
import { Refused, type Services, UsageError } from './context.ts'
import { keysCommand } from './keys.ts'
import { backupCommand, doctorCommand } from './maintenance.ts'
import { rolesCommand } from './roles.ts'
import { migrateCommand, serveCommand } from './service.ts'
import { sessionsCommand } from './sessions.ts'
import { usersCommand } from './users.ts'

const USAGE = 2
const REFUSED = 1
/** A command that does much does it in several writes. */
const DATABASE_ADVICE =
  ' What was done before stays done: run the command again. docs/error-messages.md has what helps.'

function createProgram(services: Services, version: string): Command {
  const program = new Command('signet').description('OAuth 2 token service').version(version)
  const nouns = [usersCommand, rolesCommand, clientsCommand, sessionsCommand, keysCommand]
  for (const command of [serveCommand, migrateCommand, backupCommand, doctorCommand, ...nouns])
    program.addCommand(command(services))
  return program
}

/** Errors are thrown, not acted on, in every command below this one. */
function throwErrors(command: Command): void {
  command.exitOverride()
  for (const child of command.commands) throwErrors(child as Command)
}

/**
 * Runs one command.
 * @param words the command line after `signet`
 * @returns the exit code
 */
export async function runProgram(services: Services, version: string, words: readonly string[]): Promise<number> {
  const program = createProgram(services, version)
  throwErrors(program)
  try {
    await program.parseAsync([...words], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
    if (!(error instanceof Refused)) process.stderr.write(`${messageOf(error)}\n`)
    return error instanceof UsageError ? USAGE : REFUSED
  } finally {
    await services.close()
  }
}

/** Expected errors say all there is to say; of the others, the stack is what helps. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof StorageUnavailable) return `${error.message}${DATABASE_ADVICE}`
  const isExpected = error.name !== 'Error' && error.name !== 'TypeError' && error.name !== 'RangeError'
  return isExpected ? error.message : (error.stack ?? error.message)
}
