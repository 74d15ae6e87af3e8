/** Files of an import, as tests write and read them. */
import { deepStrictEqual } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Test } from 'tap'
import { type ImportFormat, readPeople } from '../../src/maintenance/import/read-people.ts'
import { openSource, type Source } from '../../src/maintenance/import/source.ts'
import { temporaryFolder } from './serve.ts'

/** Where standard input must not be read. */
export const noInput = Readable.from([])

/** A source that closes with the test. */
export async function sourceOf(t: Test, content: string | Buffer): Promise<Source> {
  const file = join(temporaryFolder(t), 'people')
  writeFileSync(file, content)
  const source = await openSource(file, noInput)
  t.teardown(source.close)
  return source
}

/** The same bytes, in pieces of any size: where they end must not matter. */
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

/** The same with the names alone of people, at many places where a piece of the bytes may end: that must not matter. */
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
