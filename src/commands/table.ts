/** Rows for people, in as many columns as the display has. */
import { isoTime, relativeTime } from '../clock.ts'
import { printable } from './printable.ts'
import type { Colour, Display, Lines } from './terminal.ts'
import { cut, pad, widthOf, wrap } from './text-width.ts'

/** A moment in milliseconds as the table shows it: how long ago, or exactly. */
type TimeText = (atMs: number) => string

type Flexible = 'cut' | 'wrap'

export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row, time: TimeText) => string
  /** Shown with --wide only. */
  readonly wide?: true
  /** What is done with a cell for which there is no room. Without it the column is as wide as its widest cell: what the next command needs is never cut. */
  readonly flexible?: Flexible
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
const LEAST = { cut: 16, wrap: 26 } as const
/** While a column has that much, there is always a way. */
const NARROWEST = 2

interface Shape {
  /** What each column takes of a line. */
  readonly widths: readonly number[]
  /** The first cell has a line of its own, and the others stand below it. */
  readonly isStacked: boolean
}

const total = (widths: readonly number[]): number => widths.reduce((sum, width) => sum + width + GAP, -GAP)

const widest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, widthOf(text)), 0)

/** Takes from the widest columns that have more than their floor, until they fit or none has. */
function narrow(widths: readonly number[], floors: readonly number[], width: number): readonly number[] {
  const narrowed = [...widths]
  for (let excess = total(widths) - width; excess > 0; excess -= 1) {
    const givers = narrowed.map((candidate, at) => (candidate > (floors[at] ?? 0) ? candidate : 0))
    const most = Math.max(...givers)
    if (most === 0) break
    narrowed[givers.indexOf(most)] = most - 1
  }
  return narrowed
}

/** @param cells the heads, and then those of each row */
function shapeOf<Row>(columns: readonly Column<Row>[], cells: readonly (readonly string[])[], width: number): Shape {
  const columnCells = columns.map((_, at) => cells.map(row => row[at] ?? ''))
  const natural = columnCells.map(widest)
  if (total(natural) <= width) return { widths: natural, isStacked: false }

  const least = columns.map(({ flexible }, at) => {
    if (flexible === undefined) return natural[at] ?? 0
    const longest =
      flexible === 'cut' ? (natural[at] ?? 0) : widest((columnCells[at] ?? []).flatMap(cell => cell.split(' ')))
    return Math.min(longest, LEAST[flexible])
  })
  const isStacked = columns[0]?.flexible === undefined && total(least) > width
  // What is wrapped loses nothing, so it gives first.
  const wrapped = columns.map(({ flexible }, at) => (flexible === 'wrap' ? (least[at] ?? 0) : Number.POSITIVE_INFINITY))
  const all = columns.map(({ flexible }) => (flexible === undefined ? Number.POSITIVE_INFINITY : NARROWEST))
  const fit = (widths: readonly number[], from: number, room: number) =>
    narrow(narrow(widths, wrapped.slice(from), room), all.slice(from), room)
  if (!isStacked) return { widths: fit(natural, 0, width), isStacked }
  const [first = 0, ...others] = natural
  return { widths: [first, ...fit(others, 1, width - GAP)], isStacked }
}

function linesOf(cell: string, flexible: Flexible | undefined, width: number): readonly string[] {
  if (flexible === 'wrap') return wrap(cell, width)
  return [flexible === 'cut' ? cut(cell, width) : cell]
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
    const lines = row.map((cell, at) => linesOf(cell, columns[at]?.flexible, widths[at] ?? 0))
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
