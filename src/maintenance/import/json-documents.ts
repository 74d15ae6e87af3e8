/** Records in large JSON: a list of them, a document that has such a list as a member, or one object after the other. */
import type { Columns } from '../../passwords/forms/form.ts'
import { FileRefused } from '../file-refused.ts'
import { createJsonCursor, type JsonText } from './json-cursor.ts'
import { type FileRecord, LARGEST_RECORD_BYTES, type ReadRecord, RecordRefused } from './person.ts'
import { recordOf, textOf } from './text.ts'

/** Where an operator copies Firebase's parameters into its export. */
const HASH_CONFIG = 'hash_config'

export interface DocumentOptions {
  /** What holds the records of a document; without it each object at the top is a record. */
  readonly member: string | undefined
  readonly onHashConfig: (config: Columns) => void
}

const tooLarge = () => new RecordRefused(`It is larger than ${LARGEST_RECORD_BYTES / 1024} KiB.`)

function readRecord({ beginning, isWhole }: JsonText): FileRecord | RecordRefused {
  const text = isWhole ? textOf(beginning, 'It') : tooLarge()
  return text instanceof RecordRefused ? text : recordOf(text)
}

/** Whether a record of a list is a document itself: of what is too large, its first members tell. */
function isDocument(record: ReadRecord['record'], { beginning }: JsonText, member: string): boolean {
  if (!(record instanceof RecordRefused)) return Object.hasOwn(record, member)
  return new RegExp(`^\\{[^{}[\\]]*"(?:realm|${member})"\\s*:`).test(beginning.toString('latin1'))
}

function nameIn(key: JsonText): string | undefined {
  try {
    return JSON.parse(key.beginning.toString())
  } catch {
    return undefined
  }
}

/** The members of an object that may be a record, as long as they are not too large for one. */
function createObjectBuffer() {
  let pieces: Buffer[] = []
  let bytes = 0
  return {
    add(key: JsonText, value: JsonText): void {
      bytes += key.isWhole && value.isWhole ? key.beginning.length + value.beginning.length : LARGEST_RECORD_BYTES + 1
      if (bytes > LARGEST_RECORD_BYTES) pieces = []
      else pieces.push(Buffer.from(pieces.length === 0 ? '' : ','), key.beginning, Buffer.from(':'), value.beginning)
    },
    end: (): JsonText => ({
      beginning: Buffer.concat([Buffer.from('{'), ...pieces, Buffer.from('}')]),
      isWhole: bytes <= LARGEST_RECORD_BYTES,
    }),
  }
}

/** @throws FileRefused when the structure is broken; what is broken within a record refuses that record alone */
export async function* readJsonDocuments(
  chunks: AsyncIterable<Buffer>,
  { member: holder, onHashConfig }: DocumentOptions,
): AsyncGenerator<ReadRecord> {
  const cursor = createJsonCursor(chunks)
  let number = 0
  let hasHashConfig = false

  const placed = (record: ReadRecord['record']): ReadRecord => ({ place: { unit: 'user', number: ++number }, record })

  /** Of two it could not be told which users they are for. */
  function takeHashConfig(json: JsonText): void {
    const config = readRecord(json)
    if (config instanceof RecordRefused)
      throw new FileRefused(`The member ${HASH_CONFIG} can't be read: ${config.message}`)
    if (hasHashConfig)
      throw new FileRefused(`There are two members ${HASH_CONFIG}: give each export in a file of its own.`)
    hasHashConfig = true
    onHashConfig(config)
  }

  /** Goes through a list or an object, from its first bracket to its last. */
  async function* parts(last: ']' | '}', part: () => AsyncGenerator<ReadRecord>): AsyncGenerator<ReadRecord> {
    cursor.pass()
    let next = await cursor.peek()
    if (next === last) return cursor.pass()
    do {
      yield* part()
      next = await cursor.peek()
      if (next !== ',' && next !== last) cursor.refuse(`a comma or ${last} is missing`)
      cursor.pass()
      if (next === ',') await cursor.peek()
    } while (next === ',')
  }

  const recordAtTop = (json: JsonText): ReadRecord['record'] =>
    json.isWhole || holder === undefined
      ? readRecord(json)
      : new RecordRefused(`${tooLarge().message} A document with users has a member ${holder}.`)

  async function* element(): AsyncGenerator<ReadRecord> {
    const json = await cursor.value()
    const record = readRecord(json)
    if (holder !== undefined && isDocument(record, json, holder))
      throw new FileRefused(`The file is a list of documents with ${holder}, such as several realms. Export one alone.`)
    yield placed(record)
  }

  async function memberKey(): Promise<JsonText> {
    if ((await cursor.peek()) !== '"') cursor.refuse('the name of a member is missing')
    const key = await cursor.value()
    if ((await cursor.peek()) !== ':') cursor.refuse('a colon is missing after the name of a member')
    cursor.pass()
    await cursor.peek()
    return key
  }

  /** Its end tells whether an object at the top is a document or a record. */
  async function* topObject(): AsyncGenerator<ReadRecord> {
    const buffer = createObjectBuffer()
    let isHolder = false
    let hashConfig: JsonText | undefined

    async function* member(): AsyncGenerator<ReadRecord> {
      const key = await memberKey()
      const name = nameIn(key)
      if (holder === undefined || name !== holder) {
        const value = await cursor.value()
        buffer.add(key, value)
        if (name === HASH_CONFIG) hashConfig = value
        return
      }
      if (isHolder) cursor.refuse(`there is a second member ${holder}`)
      if ((await cursor.peek()) !== '[') cursor.refuse(`the member ${holder} is not a list`)
      isHolder = true
      yield* parts(']', element)
    }

    yield* parts('}', member)
    if (!isHolder) yield placed(recordAtTop(buffer.end()))
    else if (hashConfig !== undefined) takeHashConfig(hashConfig)
  }

  for (let next = await cursor.peek(); next !== undefined; next = await cursor.peek()) {
    if (next === '[') yield* parts(']', element)
    else if (next === '{') yield* topObject()
    else cursor.refuse('neither an object nor a list begins here')
  }
}
