/** What every command has: the services, who runs it, and how it answers. */
import { userInfo } from 'node:os'
import type { Clients } from '../accounts/clients.ts'
import type { Roles } from '../accounts/roles.ts'
import type { Users } from '../accounts/users.ts'
import type { KeyLifecycle } from '../keys/key-lifecycle.ts'
import type { KeyPolicy } from '../keys/schedule.ts'
import type { Finding } from '../maintenance/doctor.ts'
import type { SessionManagement } from '../oauth/sessions/session-management.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { SigningKey } from '../records/signing-key.ts'

/** The services; each is made when it is asked for. */
export interface Services {
  users(): Promise<Users>
  roles(): Promise<Roles>
  clients(): Promise<Clients>
  sessions(): Promise<SessionManagement>
  keys(): Promise<{
    readonly lifecycle: KeyLifecycle
    readonly policy: KeyPolicy
    /** @throws KeyError on a copy of the database: it must not change the keys of the original */
    assertOriginal(): Promise<void>
    /** Sessions whose newest access token lives and was signed by this key, or by any. */
    countLiveSessions(keys: readonly SigningKey[], kid: string | undefined): Promise<number>
  }>
  doctor(): Promise<{
    examine(): Promise<readonly Finding[]>
    /** Ends what is older than the restore, and answers how much. */
    acceptRestore(by: Provenance): Promise<{ readonly sessions: number; readonly keys: number }>
  }>
  backup(file: string): Promise<void>
  /** Answers the names of the migrations that ran. */
  migrate(): Promise<readonly string[]>
  serve(): Promise<{ stop(): Promise<void> }>
  close(): Promise<void>
}

/** A mistake in the call that the parser can't see: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The answer says it all already: exit code 1. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

export function operator(): Provenance {
  return { actor: `operator:${accountName()}`, address: null, userAgent: null, requestId: null }
}

function accountName(): string {
  try {
    return userInfo().username
  } catch {
    // A container's uid need not have a name.
    return `uid ${process.getuid?.()}`
  }
}

/**
 * Prints what a command answers: one JSON value, or the lines for people.
 * @param lines a function, where they are many
 */
export function answer(
  value: object,
  lines: readonly string[] | (() => readonly string[]),
  { json }: { readonly json?: true | undefined },
): void {
  process.stdout.write(json === true ? `${JSON.stringify(value)}\n` : linesOf(lines))
}

const linesOf = (lines: readonly string[] | (() => readonly string[])): string =>
  (typeof lines === 'function' ? lines() : lines).map(line => `${line}\n`).join('')

/** Columns, each as wide as its widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows]
  const widths = head.map((_, column) => all.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0))
  return all.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** An option that may be given several times; '' adds nothing, so that an update can empty a list. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] =>
  value === '' ? before : [...before, value]

/**
 * A secret from standard input (one trailing newline is dropped), or typed at a prompt that does not show it.
 * @param flag the option that makes standard input the source
 * @throws UsageError when it is not asked for and nobody sits at a terminal
 */
export async function readSecret(name: string, flag: string, fromStandardInput: true | undefined): Promise<string> {
  if (fromStandardInput) return readStandardInput()
  if (!process.stdin.isTTY)
    throw new UsageError(`Give the ${name} on standard input with ${flag}, or run this in a terminal.`)
  const { read } = await import('read')
  const ask = (prompt: string) => read({ prompt, silent: true, output: process.stderr })
  const secret = await ask(`${name}: `)
  if (secret !== (await ask(`${name} again: `))) throw new UsageError(`The two entries of the ${name} differ.`)
  return secret
}

async function readStandardInput(): Promise<string> {
  const chunks = await process.stdin.toArray()
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      .decode(Buffer.concat(chunks))
      .replace(/\r?\n$/, '')
  } catch {
    throw new UsageError('Standard input is not UTF-8.')
  }
}
