/** What all formats have in common: reading the members of a record, as one of several types. Nothing of a value is repeated. */
import { type FileRecord, RecordRefused } from '../person.ts'

/** Undefined when it is not there: a column that is empty, and a null, are no value. */
export function member(record: FileRecord, name: string): unknown {
  const value = Object.hasOwn(record, name) ? record[name] : undefined
  return value === null || value === '' ? undefined : value
}

export function optionalText(record: FileRecord, name: string): string | undefined {
  const value = member(record, name)
  if (value === undefined || typeof value === 'string') return value
  throw new RecordRefused(`${name} is no text.`)
}

export function text(record: FileRecord, name: string): string {
  const value = optionalText(record, name)
  if (value === undefined) throw new RecordRefused(`There is no ${name}.`)
  return value
}

/** A number where the other system counts its users. */
export function optionalId(record: FileRecord, name: string): string | undefined {
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
