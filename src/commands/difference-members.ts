/** What of the members of a definition differs: for people, and as JSON. */
import type { TrustJson } from '../representations/defined-credentials.ts'

type Entry = string | TrustJson
type Value = string | number | boolean | null

/** A member that is a list, or one that is a single value. */
export type MemberChange =
  | { readonly added: readonly Entry[]; readonly removed: readonly Entry[]; readonly order?: readonly string[] }
  | { readonly before: Value; readonly after: Value }

export type Members = Readonly<Record<string, MemberChange>>

export function listChange(before: readonly string[], after: readonly string[]): MemberChange {
  const [old, now] = [[...new Set(before)], [...new Set(after)]]
  const [added, removed] = [now.filter(one => !old.includes(one)), old.filter(one => !now.includes(one))]
  return { added, removed }
}

/** The first is the default, so that the order is told whenever it is another one. */
export function orderedChange(before: readonly string[], after: readonly string[]): MemberChange {
  return before.length === 0 ? listChange(before, after) : { ...listChange(before, after), order: [...new Set(after)] }
}

const isChange = (change: MemberChange): boolean =>
  'added' in change
    ? change.added.length + change.removed.length > 0 || change.order !== undefined
    : change.before !== change.after

export const thatDiffer = (members: Members): Members =>
  Object.fromEntries(Object.entries(members).filter(([, change]) => isChange(change)))

function textOfEntry(entry: Entry): string {
  if (typeof entry === 'string') return entry
  const claims = Object.entries(entry.claims).map(([name, value]) => `${name}=${value}`)
  return `${entry.issuer} with ${claims.join(' and ')}`
}

export function textOf(change: MemberChange, isNew: boolean): string {
  if (!('added' in change)) return isNew ? `${change.after}` : `${change.before ?? 'none'} -> ${change.after ?? 'none'}`
  const [added, removed] = [change.added.map(textOfEntry), change.removed.map(textOfEntry)]
  if (isNew) return added.join(', ')
  const signed = [...added.map(one => `+ ${one}`), ...removed.map(one => `- ${one}`)].join(', ')
  if (change.order === undefined || change.order.length < 2) return signed
  return `${signed === '' ? '' : `${signed}; `}in this order: ${change.order.join(', ')}`
}
