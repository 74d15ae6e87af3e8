/** What a file is, by its beginning: large JSON, a JSON object a line, or rows under a header. */
import type { Columns } from '../../passwords/forms/form.ts'
import { FileRefused } from '../file-refused.ts'
import { readCsv } from './csv.ts'
import { readJsonDocuments } from './json-documents.ts'
import { readJsonLines } from './lines.ts'
import { LARGEST_RECORD_BYTES, type ReadRecord, RecordRefused } from './person.ts'
import { recordOf } from './text.ts'

/** Of the files that a system writes. */
export interface FileLayout {
  /** The member of a document that holds its users. */
  readonly documentMember?: string | undefined
  /** Why this system's rows can't be read; without it, they can. */
  readonly csvRefusal?: string | undefined
}

const GZIP = Buffer.from([0x1f, 0x8b])
const UTF_16 = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])]
const MARK = Buffer.from('\u{FEFF}')

const beginsWith = (head: Buffer, bytes: Buffer): boolean => head.subarray(0, bytes.length).equals(bytes)

/** The first line that is not blank, or as much of it as a record may have. */
const firstLineOf = (head: Buffer): string =>
  head.toString('latin1', 0, LARGEST_RECORD_BYTES).trimStart().split('\n', 1)[0] ?? ''

/** Takes as much from the beginning as it needs, and gives all of it back but for the byte order mark. */
async function lookAt(chunks: AsyncIterable<Buffer>) {
  const iterator = chunks[Symbol.asyncIterator]()
  let bytes = Buffer.alloc(0)
  while (bytes.length < LARGEST_RECORD_BYTES && !bytes.toString('latin1').trimStart().includes('\n')) {
    const next = await iterator.next()
    if (next.done) break
    bytes = Buffer.concat([bytes, next.value])
  }
  const head = beginsWith(bytes, MARK) ? bytes.subarray(MARK.length) : bytes
  async function* whole(): AsyncGenerator<Buffer> {
    yield head
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  }
  return { head, whole: whole() }
}

function refuseOtherBytes(head: Buffer): void {
  if (beginsWith(head, GZIP)) throw new FileRefused('The file is compressed. Decompress it, for example with gunzip.')
  if (UTF_16.some(mark => beginsWith(head, mark)) || head.includes(0))
    throw new FileRefused('The file is not UTF-8. If PowerShell wrote it, it is UTF-16: write it with -Encoding utf8.')
}

function isLargeJson(line: string, documentMember: string | undefined): boolean {
  if (line.startsWith('[')) return true
  const record = recordOf(line)
  if (record instanceof RecordRefused) return documentMember !== undefined || line.trim() === '{'
  return documentMember !== undefined && Object.hasOwn(record, documentMember)
}

/** @throws FileRefused when it is none of them, or can't be read as a whole */
export async function* readRecords(
  chunks: AsyncIterable<Buffer>,
  { documentMember, csvRefusal }: FileLayout,
  onHashConfig: (config: Columns) => void,
): AsyncGenerator<ReadRecord> {
  const { head, whole } = await lookAt(chunks)
  refuseOtherBytes(head)
  const line = firstLineOf(head)
  if (line === '') throw new FileRefused('The file is empty.')
  const isJson = line.startsWith('[') || line.startsWith('{')
  if (isJson && isLargeJson(line, documentMember))
    yield* readJsonDocuments(whole, { member: documentMember, onHashConfig })
  else if (isJson) yield* readJsonLines(whole)
  else if (csvRefusal === undefined) yield* readCsv(whole)
  else throw new FileRefused(csvRefusal)
}
