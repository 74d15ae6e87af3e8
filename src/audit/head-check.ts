/** Whether a head that was noted elsewhere is in an audit: what was cut off at its end is found by nothing else. */
import type { AuditRow, AuditSeal } from '../records/audit-seal.ts'
import { headOf } from './encoding.ts'
import { type Problem, timeText } from './findings.ts'

export interface Head {
  readonly number: number
  readonly digest: string
}

const FORM = /^(?<number>[1-9]\d{0,14}):(?<digest>[A-Za-z0-9_-]{43})$/

/** What an operator noted; undefined when it is none. */
export function parseHead(text: string): Head | undefined {
  const groups = FORM.exec(text)?.groups
  return groups && { number: Number(groups['number']), digest: groups['digest'] ?? '' }
}

interface Restore {
  /** The last seal of the copy; 0 when it had none. */
  readonly endedAt: number
  readonly atMs: number
}

export function createHeadCheck(head: Head | undefined) {
  let found: AuditSeal | undefined
  /** The last restore of a copy that did not have the head. */
  let restore: Restore | undefined

  function noteRestores(rows: readonly AuditRow[]): void {
    for (const { type, target, occurredAtMs } of rows) {
      if (type !== 'restore.accept' || head === undefined) continue
      const endedAt = parseHead(String(target))?.number ?? 0
      if (endedAt < head.number) restore = { endedAt, atMs: occurredAtMs }
    }
  }

  function problemWith(
    { number, digest }: Head,
    first: AuditSeal | undefined,
    last: AuditSeal | undefined,
  ): Problem | undefined {
    if (found?.digest === digest) return undefined
    const noted = `The head ${number}:${digest.slice(0, 8)}…`
    if (first !== undefined && number < first.number)
      return {
        message: `${noted} is not here any more: the retention has removed what is before seal ${first.number}. Note a newer one.`,
      }
    if (restore !== undefined)
      return {
        message:
          `${noted} is not in this audit: at ${timeText(restore.atMs)} somebody accepted a restore of a copy that ended at seal ${restore.endedAt}. ` +
          `If that was you, and you noted the head before, note the new one: ${last === undefined ? '' : headOf(last)}. If you noted it after that time, or nobody restored, the audit was cut off or exchanged.`,
      }
    if (found !== undefined)
      return {
        seal: number,
        message: `Seal ${number} is another one than the head that you noted: what was there was cut off, and written anew.`,
      }
    return {
      message: `${noted} is not in this audit, which ends at ${last === undefined ? 'no seal at all' : `seal ${last.number}`}: it was cut off, and what came after is missing.`,
    }
  }

  return {
    advice: 'Without --head it is not noticed when seals were cut off at the end: note the head elsewhere.',
    seal(seal: AuditSeal, rows: readonly AuditRow[]): void {
      if (seal.number === head?.number) found = seal
      noteRestores(rows)
    },
    /** @returns up to which seal all was there when the head was noted */
    sum({ first, last }: { readonly first: AuditSeal | undefined; readonly last: AuditSeal | undefined }): {
      readonly problems: readonly Problem[]
      readonly upTo: number
    } {
      const problem = head && problemWith(head, first, last)
      return { problems: problem === undefined ? [] : [problem], upTo: head === undefined || problem ? 0 : head.number }
    },
  }
}
