/** What there is to say of one thing: `Name:  alice`, a line each. */
import { printable } from './printable.ts'
import { paintStatus } from './table.ts'
import type { Lines } from './terminal.ts'
import { wrap } from './text-width.ts'

/** Several stand below each other; nothing is said of null and of none. */
type Value = string | readonly string[] | null

/** What is too long for a line goes on below itself; nothing is cut. */
export const labelled =
  (members: Readonly<Record<string, Value>>): Lines =>
  display => {
    const said = Object.entries(members).flatMap(([label, value]) =>
      [value ?? []].flat().map((text, index) => ({ label: index === 0 ? `${label}:` : '', text: printable(text) })),
    )
    const widest = said.reduce((most, { label }) => Math.max(most, label.length), 0) + 2
    return said.flatMap(({ label, text }) => {
      const further = text.length - text.trimStart().length
      const [first = '', ...more] = wrap(text, display.width - widest, ' '.repeat(further))
      const value = label === 'Status:' ? paintStatus(first, display) : first
      return [
        display.paint('bold', label) + ' '.repeat(widest - label.length) + value,
        ...more.map(line => ' '.repeat(widest) + line),
      ]
    })
  }

/** A list that may be empty. */
export const listed = (words: readonly string[]): string => words.join(', ') || 'none'
