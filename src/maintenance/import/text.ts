/** Bytes as text, and text as a record: what is none is a refusal of that record, and of nothing else. */
import { isColumns } from '../../passwords/forms/columns.ts'
import { type FileRecord, RecordRefused } from './person.ts'

/** @param what of which it is said */
export function textOf(bytes: Buffer, what: string): string | RecordRefused {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new RecordRefused(`${what} is not UTF-8.`)
  }
}

/** What a JSON text says of one person. */
export function recordOf(text: string): FileRecord | RecordRefused {
  try {
    const value: unknown = JSON.parse(text)
    return isColumns(value) ? value : new RecordRefused('It is not a JSON object.')
  } catch {
    return new RecordRefused('It is not JSON.')
  }
}
