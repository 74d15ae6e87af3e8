/** Lines of text, one after the other, and JSON Lines. Neither a long line nor one that is no text ends the reading. */
import { LARGEST_RECORD_BYTES, type ReadRecord, RecordRefused } from './person.ts'
import { recordOf, textOf } from './text.ts'

export interface Line {
  /** Counted from 1. */
  readonly number: number
  /** Without its end. */
  readonly text: string | RecordRefused
}

const NEWLINE = 0x0a

const withoutReturn = (text: string | RecordRefused) => (typeof text === 'string' ? text.replace(/\r$/, '') : text)

/** Puts a line together from the pieces of it that chunks hold; of one that is too long nothing is kept. */
function createLineBuffer() {
  let pieces: Buffer[] = []
  let bytes = 0
  let number = 0
  return {
    isEmpty: () => bytes === 0,
    add(piece: Buffer): void {
      bytes += piece.length
      if (bytes > LARGEST_RECORD_BYTES) pieces = []
      else pieces.push(piece)
    },
    end(): Line {
      number++
      const isTooLong = bytes > LARGEST_RECORD_BYTES
      const text = isTooLong
        ? new RecordRefused(`The line is longer than ${LARGEST_RECORD_BYTES / 1024} KiB.`)
        : withoutReturn(textOf(Buffer.concat(pieces), 'The line'))
      pieces = []
      bytes = 0
      return { number, text }
    },
  }
}

/** Blank ones, too. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const line = createLineBuffer()
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      line.add(chunk.subarray(start, end))
      yield line.end()
      start = end + 1
    }
    if (start < chunk.length) line.add(chunk.subarray(start))
  }
  if (!line.isEmpty()) yield line.end()
}

/** One JSON object a line. */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<ReadRecord> {
  for await (const { number, text } of readLines(chunks)) {
    const place = { unit: 'line', number } as const
    if (text instanceof RecordRefused) yield { place, record: text }
    else if (text.trim() !== '') yield { place, record: recordOf(text) }
  }
}
