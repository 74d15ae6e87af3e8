/** What all formats have in common: reading the members of a record, as one of several types. Nothing of a value is repeated. */
import type { Columns } from '../../../passwords/forms/form.ts'
import { type FileRecord, type Person, RecordRefused } from '../person.ts'

/** Undefined when it is not there: a column that is empty, and a null, are no value. */
export function member(record: FileRecord, name: string): unknown {
  const value = Object.hasOwn(record, name) ? record[name] : undefined
  return value === null || value === '' ? undefined : value
}

export function optionalText(record: FileRecord, name: string): string | undefined {
  const value = member(record, name)
  if (value === undefined || typeof value === 'string') return value
  throw new RecordRefused(`${name} is not text.`)
}

/** Of several members the first that has a value. */
export function text(record: FileRecord, ...names: readonly string[]): string {
  const value = names.map(name => optionalText(record, name)).find(each => each !== undefined)
  if (value === undefined) throw new RecordRefused(`There is no ${names.join(' and no ')}.`)
  return value
}

/** As rows have it: a number is text there. */
export function optionalNumber(record: FileRecord, name: string): string | undefined {
  const value = member(record, name)
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return optionalText(record, name)
}

/** How JSON, PostgreSQL, MySQL, SQLite and Python write them. */
const booleans: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...[true, 1, '1', 't', 'true', 'True', 'TRUE'].map(value => [value, true] as const),
  ...[false, 0, '0', 'f', 'false', 'False', 'FALSE'].map(value => [value, false] as const),
])

/** @param absent what it is when it is not there */
export function flag(record: FileRecord, name: string, absent: boolean): boolean {
  const value = member(record, name)
  const known = value === undefined ? absent : booleans.get(value)
  if (known === undefined) throw new RecordRefused(`${name} is neither true nor false.`)
  return known
}

export const statusIf = (isActive: boolean): Person['status'] => (isActive ? 'active' : 'disabled')

/** Of somebody who has no password it is empty: where it is missing, the file is another system's, or was exported without it. */
export function assertHasHash(record: FileRecord, name: string): void {
  if (!Object.hasOwn(record, name))
    throw new RecordRefused(`There is no ${name}. For somebody without a password it is empty or null.`)
}

/** The columns of a hash, as they are called; null where the one that holds the hash is empty. */
export function hashOfColumns(record: FileRecord, hash: string, ...others: string[]): Columns | null {
  if (optionalText(record, hash) === undefined) return null
  return Object.fromEntries(
    [hash, ...others].filter(name => Object.hasOwn(record, name)).map(name => [name, record[name]]),
  )
}
