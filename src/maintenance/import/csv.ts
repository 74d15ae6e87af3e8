/**
 * Rows under a header. A row is one line, or several if a quoted field has line ends: the quotation marks tell, which come in pairs. So a mark
 * too many spoils the row that has it, and no other.
 */
import { parse } from 'csv-parse/sync'
import { FileRefused } from '../file-refused.ts'
import { type Line, readLines } from './lines.ts'
import { type FileRecord, LARGEST_RECORD_BYTES, type ReadRecord, RecordRefused } from './person.ts'

const STRAY_MARK = 'A quotation mark is missing or misplaced.'

/** The fields of a row, or why it is none. */
type Fields = readonly string[] | RecordRefused

/** One that is not quoted: how databases write what has no value, and in rows with tabs a backslash, a tab or a line end. */
function unquoted(field: string, delimiter: string): string {
  if (field === '\\N' || field === 'NULL') return ''
  if (delimiter !== '\t') return field
  return field.replace(/\\([\\tn])/g, (_, escaped: string) => ({ t: '\t', n: '\n' })[escaped] ?? escaped)
}

function fieldsOf(row: string, delimiter: string): Fields {
  if (!row.includes('"')) return row.split(delimiter).map(field => unquoted(field, delimiter))
  try {
    const rows: string[][] = parse(row, {
      delimiter,
      cast: (field, { quoting }) => (quoting ? field : unquoted(field, delimiter)),
    })
    if (rows.length === 1 && rows[0] !== undefined) return rows[0]
  } catch {
    // The library's message repeats what stands in the field.
  }
  return new RecordRefused(STRAY_MARK)
}

/** Lines that can be put back, when the end of a row was sought too far. */
function createLineQueue(chunks: AsyncIterable<Buffer>) {
  const lines = readLines(chunks)
  /** The next one is the last. */
  const waiting: Line[] = []
  return {
    async next(): Promise<Line | undefined> {
      const line = waiting.pop()
      if (line !== undefined) return line
      const { value, done } = await lines.next()
      return done ? undefined : value
    },
    putBack(more: readonly Line[]): void {
      for (const line of more.toReversed()) waiting.push(line)
    },
  }
}

type LineQueue = ReturnType<typeof createLineQueue>

/** Whether a quoted field goes on behind it. */
const isOpen = (text: string): boolean => text.split('"').length % 2 === 0

/** The lines after one that is open, up to the one that closes it; fewer, when that is not there or too far away. */
async function linesToClose(first: string, queue: LineQueue): Promise<{ more: Line[]; isClosed: boolean }> {
  const more: Line[] = []
  let size = first.length
  for (let line = await queue.next(); line !== undefined; line = await queue.next()) {
    more.push(line)
    if (typeof line.text !== 'string') break
    size += line.text.length + 1
    if (size > LARGEST_RECORD_BYTES) break
    if (isOpen(line.text)) return { more, isClosed: true }
  }
  return { more, isClosed: false }
}

/** @param read what becomes of the text of a row */
async function readRow<T>(first: string, queue: LineQueue, read: (row: string) => T): Promise<T | RecordRefused> {
  if (!isOpen(first)) return read(first)
  const { more, isClosed } = await linesToClose(first, queue)
  const row = isClosed ? read([first, ...more.map(({ text }) => text)].join('\n')) : new RecordRefused(STRAY_MARK)
  // The mark was one too many: the lines behind it are rows of their own.
  if (row instanceof RecordRefused) queue.putBack(more)
  return row
}

function recordOf(header: readonly string[], fields: readonly string[]): FileRecord | RecordRefused {
  if (fields.length === header.length) return Object.fromEntries(header.map((name, index) => [name, fields[index]]))
  return new RecordRefused(`The row has ${fields.length} columns, and the header has ${header.length}.`)
}

interface Header {
  readonly names: readonly string[]
  readonly delimiter: ',' | '\t'
}

function headerOf({ text }: Line): Header {
  if (typeof text !== 'string') throw new FileRefused(`The header can't be read: ${text.message}`)
  const delimiter = text.includes('\t') && !text.includes(',') ? '\t' : ','
  const fields = fieldsOf(text, delimiter)
  if (fields instanceof RecordRefused) throw new FileRefused(`The header can't be read: ${fields.message}`)
  const names = fields.map(name => name.trim())
  if (names.length < 2)
    throw new FileRefused(
      'The file is not JSON, and its first line is not a header with commas or tabs between the columns.',
    )
  if (new Set(names).size < names.length) throw new FileRefused('Two columns of the header have the same name.')
  return { names, delimiter }
}

/** @throws FileRefused when the header can't be read */
export async function* readCsv(chunks: AsyncIterable<Buffer>): AsyncGenerator<ReadRecord> {
  const queue = createLineQueue(chunks)
  let header: Header | undefined
  for (let line = await queue.next(); line !== undefined; line = await queue.next()) {
    const { number, text } = line
    if (typeof text === 'string' && text.trim() === '') continue
    if (header === undefined) {
      header = headerOf(line)
      continue
    }
    const { names, delimiter } = header
    const place = { unit: 'line', number } as const
    const toRecord = (row: string) => {
      const fields = fieldsOf(row, delimiter)
      return fields instanceof RecordRefused ? fields : recordOf(names, fields)
    }
    yield { place, record: typeof text === 'string' ? await readRow(text, queue, toRecord) : text }
  }
}
