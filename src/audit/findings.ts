/** What verification has found, in the words of whoever is woken by it. */
import { isoTime } from '../clock.ts'
import type { AuditRow, AuditSeal } from '../records/audit-seal.ts'

export interface Problem {
  readonly message: string
  /** The seal that it is about. */
  readonly seal?: number
  /** When what is concerned was written: between the seal before, if it is known, and this one. */
  readonly fromMs?: number
  readonly untilMs?: number
  /** The id of the event, where it can be told. */
  readonly event?: string
}

/** More are counted only: somebody who rewrote everything is told from the first ones. */
const MOST_PROBLEMS = 50

export function createFindings() {
  const problems: Problem[] = []
  const warnings: string[] = []
  let unlisted = 0
  return {
    problems,
    warnings,
    unlisted: () => unlisted,
    add(problem: Problem): void {
      if (problems.length < MOST_PROBLEMS) problems.push(problem)
      else unlisted += 1
    },
  }
}

/** A time that somebody altered may be none. */
export const validTime = (milliseconds: unknown): number | undefined =>
  typeof milliseconds === 'number' && Math.abs(milliseconds) <= 8.64e15 ? milliseconds : undefined

export function timeText(milliseconds: unknown): string {
  const valid = validTime(milliseconds)
  return valid === undefined ? 'a time that is none' : isoTime(valid)
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

export interface SealContext {
  readonly seal: AuditSeal
  readonly before: AuditSeal | undefined
}

/** Which seal, and between which times. */
export function about({ seal, before }: SealContext): Omit<Problem, 'message'> {
  const [fromMs, untilMs] = [validTime(before?.sealedAtMs), validTime(seal.sealedAtMs)]
  return { seal: seal.number, ...(fromMs !== undefined && { fromMs }), ...(untilMs !== undefined && { untilMs }) }
}

const span = ({ seal, before }: SealContext): string =>
  before === undefined
    ? `until ${timeText(seal.sealedAtMs)}`
    : `between ${timeText(before.sealedAtMs)} and ${timeText(seal.sealedAtMs)}`

export const notSigned = (context: SealContext, kid: string | undefined): Problem => ({
  ...about(context),
  message:
    `Seal ${context.seal.number} is not what the audit key ${kid ?? '(there is none)'} signed: its number, count, time or digest was ` +
    `altered, or somebody made it who does not have that key. It is to cover ${plural(context.seal.count, 'event')} ${span(context)}.`,
})

function difference(count: number, rows: number): string {
  const events = plural(count, 'event')
  if (rows < count) return `${count - rows} of its ${events} ${count - rows === 1 ? 'is' : 'are'} missing`
  if (rows > count) return `it has ${plural(rows, 'event')}, and had ${count} when it was made`
  return count === 1 ? 'it was altered or exchanged' : `one or more of its ${events} were altered or exchanged`
}

export const rowsDiffer = (context: SealContext, rows: number, culprit: string | undefined): Problem => ({
  ...about(context),
  ...(culprit !== undefined && { event: culprit }),
  message:
    `Seal ${context.seal.number} does not fit its events: ${difference(context.seal.count, rows)}. They were written ${span(context)}.` +
    (culprit === undefined ? '' : ` Somebody added ${culprit}.`),
})

export const movedRow = (row: AuditRow, number: number): Problem => ({
  ...{ seal: number, event: row.id },
  message: `The event that is missing in seal ${number} is ${row.id}: somebody took the number of its seal off.`,
})

export const sealsMissing = (from: number, until: number, context: SealContext): Problem => ({
  ...about(context),
  message: `${from === until ? `Seal ${from} is` : `Seals ${from} to ${until} are`} missing, with the events ${span(context)}.`,
})

export const disorder = (context: SealContext): Problem => ({
  ...about(context),
  message: `Seal ${context.seal.number} comes where ${(context.before?.number ?? 0) + 1} is to come.`,
})

export const strays = (rows: readonly AuditRow[]): Problem => ({
  ...(rows[0] && { event: rows[0].id }),
  message:
    `${plural(rows.length, 'event')} ${rows.length === 1 ? 'names' : 'name'} a seal that is not there, the first ${rows[0]?.id} of ${timeText(rows[0]?.occurredAtMs)} (seal ${rows[0]?.seal}): ` +
    'seals were removed, or events were added or moved.',
})

export const youngGap = (context: SealContext, retention: string): Problem => ({
  ...about(context),
  message:
    `The events of seal ${context.seal.number} and of those before it are missing, and SIGNET_AUDIT_RETENTION (${retention}) keeps them: that seal ` +
    `is of ${timeText(context.seal.sealedAtMs)}. If the retention was shorter until lately, set what it was before: ` +
    'SIGNET_AUDIT_RETENTION=… signet audit verify. If not, somebody removed them.',
})

export const doubtfulGap = (context: SealContext, kid: string | undefined): Problem => ({
  ...about(context),
  message:
    `The events of seal ${context.seal.number} and of those before it are missing, and how old they were is said by a key (${kid ?? 'there is none'}) that is not the given one ` +
    'or signed by it. If you noted that key at its time, give it, too. If not, somebody may have removed younger ones.',
})

export const unknownEncoding = (context: SealContext): Problem => ({
  ...about(context),
  message: `Seal ${context.seal.number} was made by a newer version of Signet: verify it with that one.`,
})
