/**
 * Base64url without padding (RFC 7515 §2) and JSON objects (RFC 8259), where they can be read in one way only. RFC 7515 §4 leaves
 * duplicate members to the reader: here they are refused.
 */

/** @returns undefined for white space, padding, other alphabets and bits that say nothing: all that Buffer reads over */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

export type JsonObject = Readonly<Record<string, unknown>>

/** With ignoreBOM a byte order mark stays in the text, where JSON.parse refuses it (RFC 8259 §8.1). */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws what JSON.parse and TextDecoder throw, or a SyntaxError; the caller says of what it was */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  const text = utf8.decode(bytes)
  const value: unknown = JSON.parse(text)
  if (!isJsonObject(value)) throw new SyntaxError('This is no JSON object.')
  if (countMembers(text) !== Object.keys(value).length) throw new SyntaxError('A member is there twice.')
  return value
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The members of the outermost object of a text that is JSON: the colons between its braces, outside of strings and of other objects. */
function countMembers(text: string): number {
  let members = 0
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at)
        break
      case '{':
      case '[':
        depth += 1
        break
      case '}':
      case ']':
        depth -= 1
        break
      case ':':
        if (depth === 1) members += 1
    }
  }
  return members
}

/** Where the string ends that begins at a quote: at the next quote that is not escaped. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

/** Behind an odd number of backslashes. */
function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text[first - 1] === '\\') first -= 1
  return (at - first) % 2 === 1
}
