/**
 * A place in a stream of JSON, which moves on value by value. What a value holds is not looked into: its strings, escapes and brackets tell
 * where it ends. However long or deep it is, the beginning is all that is held of it.
 */
import { FileRefused } from '../file-refused.ts'
import { LARGEST_RECORD_BYTES } from './person.ts'

const NEWLINE = 0x0a
const BLANK = 1
const QUOTE = 2
const BACKSLASH = 3
const OPENING = 4
const CLOSING = 5
const BETWEEN = 6

/** What a byte is where a value can begin or end; 0 is the inside of one. */
const kinds = new Uint8Array(256)
const kindsOf = { ' \t\r\n': BLANK, '"': QUOTE, '\\': BACKSLASH, '{[': OPENING, '}]': CLOSING, ',:': BETWEEN }
for (const [characters, kind] of Object.entries(kindsOf)) for (const each of Buffer.from(characters)) kinds[each] = kind

export interface JsonText {
  /** As much as a record may have. */
  readonly beginning: Buffer
  readonly isWhole: boolean
}

export interface JsonCursor {
  /** The next character that is no blank, which stays where it is; undefined at the end. */
  peek(): Promise<string | undefined>
  /** Passes over the character that was seen last. */
  pass(): void
  /** The value that begins with the character that was seen last. */
  value(): Promise<JsonText>
  /** @throws FileRefused that names the line */
  refuse(what: string): never
}

export function createJsonCursor(chunks: AsyncIterable<Buffer>): JsonCursor {
  const iterator = chunks[Symbol.asyncIterator]()
  let chunk: Buffer = Buffer.alloc(0)
  let at = 0
  let line = 1

  const refuse = (what: string): never => {
    throw new FileRefused(`The JSON is broken at line ${line}: ${what}.`)
  }
  const kindHere = (): number => kinds[chunk[at] ?? 0] ?? 0

  /** @returns whether there is more */
  async function fill(): Promise<boolean> {
    while (at === chunk.length) {
      const next = await iterator.next()
      if (next.done) return false
      chunk = next.value
      at = 0
    }
    return true
  }

  /** Goes on to the end of a text, a list or an object: whichever it is, the depth and the quotation marks tell. */
  function createScan(): () => boolean {
    let depth = 0
    let isInText = false
    let isEscaped = false
    /** @returns whether it ends in this chunk; the cursor is behind it then */
    return () => {
      while (at < chunk.length) {
        const byte = chunk[at++] ?? 0
        const kind = kinds[byte]
        if (byte === NEWLINE) {
          // Here a quotation mark is missing, and everything behind it would be misread.
          if (isInText) refuse('a string is not closed')
          line++
        }
        if (isEscaped) isEscaped = false
        else if (isInText) {
          if (kind === BACKSLASH) isEscaped = true
          else if (kind === QUOTE) isInText = false
        } else if (kind === QUOTE) isInText = true
        else if (kind === OPENING) depth++
        else if (kind === CLOSING) depth--
        if (depth === 0 && !isInText) return true
      }
      return false
    }
  }

  /** The same for a number, true, false and null, which end before what follows them. */
  function scanWord(): boolean {
    while (at < chunk.length && kindHere() === 0) at++
    return at < chunk.length
  }

  async function value(): Promise<JsonText> {
    if (at === chunk.length) refuse('the file ends before a value')
    const kind = kindHere()
    if (kind !== 0 && kind !== QUOTE && kind !== OPENING) refuse('a value is missing')
    const scan = kind === 0 ? scanWord : createScan()
    const pieces: Buffer[] = []
    let bytes = 0
    for (;;) {
      const from = at
      const hasEnded = scan()
      const held = Math.min(at, from + Math.max(0, LARGEST_RECORD_BYTES - bytes))
      if (held > from) pieces.push(chunk.subarray(from, held))
      bytes += at - from
      if (hasEnded) break
      if (await fill()) continue
      if (kind !== 0) refuse('the file ends within a value')
      break
    }
    return { beginning: Buffer.concat(pieces), isWhole: bytes <= LARGEST_RECORD_BYTES }
  }

  return {
    async peek() {
      do {
        while (at < chunk.length && kindHere() === BLANK) if (chunk[at++] === NEWLINE) line++
      } while (at === chunk.length && (await fill()))
      return at < chunk.length ? String.fromCharCode(chunk[at] ?? 0) : undefined
    },
    pass: () => void at++,
    value,
    refuse,
  }
}
