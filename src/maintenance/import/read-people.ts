/** From the bytes of a file to the people that it tells of. */
import type { Columns } from '../../passwords/forms/form.ts'
import type { Format, FormatOptions, PASSED_OVER } from './formats/format.ts'
import { type FormatName, formats } from './formats/formats.ts'
import { type Person, type Place, type ReadRecord, RecordRefused } from './person.ts'
import { readRecords } from './read-records.ts'
import type { Source } from './source.ts'

export interface ReadPerson {
  readonly place: Place
  /** `passed over` is what tells of no person who signs in: a row of another table, a service account. */
  readonly person: Person | RecordRefused | typeof PASSED_OVER
}

export interface ImportFormat extends FormatOptions {
  readonly format: FormatName
}

/** One reading of a source, from its beginning. */
export interface Reading {
  /** To be gone through once. @throws FileRefused when the file as a whole can't be read */
  readonly people: AsyncIterable<ReadPerson>
  /** How many bytes of the source have been read. */
  bytesRead(): number
  /** What a document says about all hashes in it: known when it has been read to its end. */
  hashConfig(): Columns | undefined
}

export function readPeople(source: Source, { format: name, ...options }: ImportFormat): Reading {
  const format: Format = formats[name]
  let bytesRead = 0
  let hashConfig: Columns | undefined

  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of source.read()) {
      bytesRead += chunk.length
      yield chunk
    }
  }

  function personOf({ record }: ReadRecord): ReadPerson['person'] {
    try {
      return record instanceof RecordRefused ? record : format.toPerson(record, options)
    } catch (error) {
      if (error instanceof RecordRefused) return error
      throw error
    }
  }

  async function* people(): AsyncGenerator<ReadPerson> {
    const onHashConfig = (config: Columns) => {
      hashConfig = config
    }
    for await (const read of readRecords(counted(), format, onHashConfig))
      yield { place: read.place, person: personOf(read) }
  }

  return { people: people(), bytesRead: () => bytesRead, hashConfig: () => hashConfig }
}
