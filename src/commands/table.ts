/** Rows for people, in as many columns as the display has. */
import { isoTime } from '../clock.ts'
import { printable } from './printable.ts'
import type { Colour, Display, Lines } from './terminal.ts'
import { cut, pad, widthOf, wrap } from './text-width.ts'
import { relativeTime } from './times.ts'

/** A moment in milliseconds as the table shows it: how long ago, or exactly. */
type TimeText = (atMs: number) => string

export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row, time: TimeText) => string
  /** Shown with --wide only. */
  readonly wide?: true
  /** What is done with a cell for which there is no room. Without it the column is as wide as its widest cell: what the next command needs is never cut. */
  readonly flexible?: 'cut' | 'wrap'
  /** A word that has a colour. */
  readonly isStatus?: true
}

/** For `--wide`. */
export const WIDE = 'show every column, uncut, with exact times'

const colours: Readonly<Record<string, Colour>> = {
  active: 'green',
  disabled: 'yellow',
  expired: 'yellow',
  deleted: 'red',
  revoked: 'red',
}

/** A status in its colour. @param text it may be padded */
export function paintStatus(text: string, { paint }: Display): string {
  const colour = colours[text.trimEnd()]
  return colour === undefined ? text : paint(colour, text)
}

const GAP = 2
/** A column is not made narrower than that while there is another way. */
const LEAST_CUT = 16
const LEAST_WRAPPED = 30

interface Shape {
  /** What the column takes of a line. */
  readonly widths: readonly number[]
  /** The first cell has a line of its own, and the others stand below it. */
  readonly isStacked: boolean
}

const total = (widths: readonly number[]): number => widths.reduce((sum, width) => sum + width + GAP, -GAP)

const widest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, widthOf(text)), 0)

/** Takes from the widest flexible column until they fit, or none has anything to give. */
function narrow(widths: readonly number[], isFlexible: readonly boolean[], width: number): readonly number[] {
  const narrowed = [...widths]
  for (let excess = total(widths) - width; excess > 0; excess -= 1) {
    const most = Math.max(...narrowed.filter((_, at) => isFlexible[at]))
    if (!(most > 2)) break
    const at = narrowed.findIndex((candidate, index) => isFlexible[index] && candidate === most)
    narrowed[at] = most - 1
  }
  return narrowed
}

/** @param cells the heads, and then those of each row */
function shapeOf<Row>(columns: readonly Column<Row>[], cells: readonly (readonly string[])[], width: number): Shape {
  const inColumn = (at: number) => cells.map(row => row[at] ?? '')
  const natural = columns.map((_, at) => widest(inColumn(at)))
  const least = columns.map(({ flexible }, at) => {
    if (flexible === undefined) return natural[at] ?? 0
    if (flexible === 'cut') return Math.min(natural[at] ?? 0, LEAST_CUT)
    return Math.min(widest(inColumn(at).flatMap(cell => cell.split(' '))), LEAST_WRAPPED)
  })
  const isFlexible = columns.map(({ flexible }) => flexible !== undefined)
  if (total(natural) <= width) return { widths: natural, isStacked: false }
  const isStacked = isFlexible[0] === false && total(least) > width
  if (!isStacked) return { widths: narrow(natural, isFlexible, width), isStacked }
  const [first = 0, ...others] = natural
  return { widths: [first, ...narrow(others, isFlexible.slice(1), width - GAP)], isStacked }
}

/** The cells of one row side by side; one that is wrapped makes it several lines. */
function sideBySide(
  cells: readonly (readonly string[])[],
  paints: readonly ((text: string) => string)[],
  widths: readonly number[],
): string[] {
  const height = cells.reduce((most, lines) => Math.max(most, lines.length), 0)
  return Array.from({ length: height }, (_, line) => {
    const texts = cells.map(lines => lines[line] ?? '')
    const last = texts.findLastIndex(text => text !== '')
    return texts
      .slice(0, last + 1)
      .map((text, at) => (paints[at] ?? String)(at === last ? text : pad(text, widths[at] ?? 0)))
      .join(' '.repeat(GAP))
  })
}

/** @param time how moments are shown */
export function tableIn<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  display: Display,
  time: TimeText,
): string[] {
  const heads = columns.map(({ head }) => head)
  const cells = [heads, ...rows.map(row => columns.map(({ cell }) => printable(cell(row, time))))]
  const { widths, isStacked } = shapeOf(columns, cells, display.width)
  const bold = heads.map(() => (text: string) => display.paint('bold', text))
  const paints = columns.map(({ isStatus }) => (isStatus ? (text: string) => paintStatus(text, display) : String))

  return cells.flatMap((row, index) => {
    const paint = index === 0 ? bold : paints
    const lines = row.map((cell, at) =>
      columns[at]?.flexible === 'wrap'
        ? wrap(cell, widths[at] ?? 0)
        : [columns[at]?.flexible === 'cut' ? cut(cell, widths[at] ?? 0) : cell],
    )
    if (!isStacked) return sideBySide(lines, paint, widths)
    const [first = [''], ...others] = lines
    const below = sideBySide(others, paint.slice(1), widths.slice(1)).map(line => ' '.repeat(GAP) + line)
    return [...first.map(paint[0] ?? String), ...below]
  })
}

/**
 * Columns that fit the display: `…` ends what is cut, and lists go on in the next line. If they can't be narrowed enough, each row has its
 * first cell on a line of its own.
 */
export const table =
  <Row>(
    columns: readonly Column<Row>[],
    rows: readonly Row[],
    { nowMs, wide }: { readonly nowMs: number; readonly wide?: true | undefined },
  ): Lines =>
  display =>
    wide
      ? tableIn(columns, rows, { ...display, width: Number.POSITIVE_INFINITY }, isoTime)
      : tableIn(
          columns.filter(column => !column.wide),
          rows,
          display,
          atMs => relativeTime(atMs, nowMs),
        )
