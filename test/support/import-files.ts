/** Files of an import, as tests write and read them. */
import { deepStrictEqual } from 'node:assert'
import type { FormatName } from '../../src/maintenance/import/formats/formats.ts'
import { type ImportFormat, readPeople } from '../../src/maintenance/import/read-people.ts'
import type { Source } from '../../src/maintenance/import/source.ts'

/** Bytes in pieces of any size: where they end must not matter. */
export const inPieces = (content: string | Buffer, size: number): Source => {
  const bytes = Buffer.from(content)
  async function* read() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  return { bytes: bytes.length, read, close: async () => {} }
}

/** What is read, as lines of a report: the place, and the person, or why there is none. */
export async function peopleIn(source: Source, format: ImportFormat) {
  const found: (readonly [string, unknown])[] = []
  const reading = readPeople(source, format)
  for await (const { place, person } of reading.people)
    found.push([`${place.unit} ${place.number}`, person instanceof Error ? person.message : person])
  return { found, reading }
}

/** What is found in a file of a format. */
export const foundIn = async (format: FormatName, content: string, usernameFrom?: string) =>
  (await peopleIn(inPieces(content, 100), { format, usernameFrom })).found

/** A person of whom a file says nothing but the name, and `more`. */
export const personNamed = (username: string, more: object = {}) => ({
  ...{ username, hash: null, roles: [], status: 'active', userId: undefined },
  ...more,
})

/** What `peopleIn` finds, with the names alone of people, at many places where a piece of the bytes may end: that must not matter. */
export async function namesIn(content: string | Buffer, format: ImportFormat = { format: 'signet' }) {
  const sizes = Buffer.byteLength(content) > 2000 ? [1000, 256 * 1024] : [1, 2, 3, 7, 256 * 1024]
  const [first, ...others] = await Promise.all(
    sizes.map(async size => {
      const { found } = await peopleIn(inPieces(content, size), format)
      return found.map(([place, person]) => [place, (person as { username?: string }).username ?? person])
    }),
  )
  for (const other of others) deepStrictEqual(other, first)
  return first
}

/** Why the file is refused as a whole. */
export const refusalOf = async (content: string | Buffer, format?: ImportFormat): Promise<string> =>
  namesIn(content, format).then(
    () => 'It was not refused.',
    ({ name, message }: Error) => `${name}: ${message}`,
  )
