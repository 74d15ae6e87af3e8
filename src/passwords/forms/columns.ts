/** The columns of a row, or the members of an object, of which nothing is known before. */
import type { Columns } from './form.ts'

export const isColumns = (value: unknown): value is Columns =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const columnOf = (columns: Columns, name: string): unknown =>
  Object.hasOwn(columns, name) ? columns[name] : undefined

/** Undefined when there is no text. Numbers are text, too, as a CSV has them. */
export function textOf(columns: Columns, name: string): string | undefined {
  const value = columnOf(columns, name)
  return typeof value === 'number' ? String(value) : typeof value === 'string' ? value : undefined
}

/** Undefined when it is no object of JSON. */
export function parseColumns(json: string): Columns | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isColumns(value) ? value : undefined
  } catch {
    return undefined
  }
}
