/** An audit as JSON Lines, and back: what `export` writes and `verify FILE` reads. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { AuditItem } from '../audit/items.ts'
import type { AuditRow } from '../records/audit-seal.ts'
import { StorageRefused } from '../records/unit-of-work.ts'
import {
  auditKeyIn,
  auditRowIn,
  auditSealIn,
  describeAuditKey,
  describeAuditRow,
  describeAuditSeal,
  EXPORT_FORMAT,
} from '../representations/audit-export.ts'

type Line = Readonly<Record<string, unknown>>

function objectsOf(item: AuditItem): readonly object[] {
  if (item.kind === 'database') return [{ ...EXPORT_FORMAT, database: item.id }]
  if (item.kind === 'key') return [describeAuditKey(item.key)]
  if (item.kind === 'batch') return [...item.rows.map(describeAuditRow), describeAuditSeal(item.seal)]
  if (item.kind !== 'removed_meanwhile') return item.rows.map(describeAuditRow)
  throw new StorageRefused('What was to be exported was removed meanwhile, as the retention says: run this again.')
}

/** One text for each part, with a line for each row. */
export async function* toLines(items: AsyncIterable<AuditItem>): AsyncGenerator<string> {
  for await (const item of items)
    yield objectsOf(item)
      .map(object => `${JSON.stringify(object)}\n`)
      .join('')
}

/** Rows between two seals that are kept until their seal comes: many more than a seal can have. */
const MOST_KEPT = 5000

const membersOf = (describe: (of: never) => object): string =>
  Object.keys(describe({} as never))
    .sort()
    .join()
const [keyMembers, sealMembers, rowMembers] = [describeAuditKey, describeAuditSeal, describeAuditRow].map(membersOf)
/** Of exports from before rows had details. */
const rowMembersBefore = rowMembers?.replace('details,', '')
const headerMembers = Object.keys({ ...EXPORT_FORMAT, database: '' })
  .sort()
  .join()

/** @throws StorageRefused when the file can't be read, or is no export; the message names the line */
export async function* fromFile(file: string): AsyncGenerator<AuditItem> {
  let rows: AuditRow[] = []
  let number = 0

  function* rest(): Generator<AuditItem> {
    const [unsealed, stray] = [rows.filter(({ seal }) => seal === null), rows.filter(({ seal }) => seal !== null)]
    rows = []
    if (unsealed.length > 0) yield { kind: 'unsealed', rows: unsealed }
    if (stray.length > 0) yield { kind: 'stray', rows: stray }
  }

  function* itemsIn(line: Line): Generator<AuditItem> {
    const members = Object.keys(line).sort().join()
    if (members === rowMembers || members === rowMembersBefore) {
      rows.push(auditRowIn(line))
      if (rows.length > MOST_KEPT) yield* rest()
    } else if (members === sealMembers) {
      const seal = auditSealIn(line)
      const batch = rows.filter(row => row.seal === seal.number)
      rows = rows.filter(row => row.seal !== seal.number)
      yield* rest()
      yield { kind: 'batch', seal, rows: batch }
    } else if (members === keyMembers) yield { kind: 'key', key: auditKeyIn(line) }
    else if (members === headerMembers && number === 1 && line['format'] === EXPORT_FORMAT.format)
      yield { kind: 'database', id: String(line['database']) }
    else throw new StorageRefused(`Line ${number} of ${file} is none that signet audit export writes.`)
    if (number === 1 && members !== headerMembers) throw new StorageRefused(`${file} is no export of an audit.`)
  }

  const input = createReadStream(file)
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1
      yield* itemsIn(parsed(text, file, number))
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof StorageRefused || code === undefined) throw error
    throw new StorageRefused(`${file} can't be read (${code}).`, { cause: error })
  } finally {
    input.destroy()
  }
  if (number === 0) throw new StorageRefused(`${file} is no export of an audit.`)
  yield* rest()
}

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null

/** Texts, numbers and nothing, and a key whose members are such. */
const isFlat = ({ public_jwk: publicJwk, ...line }: Line): boolean =>
  [...Object.values(line), ...Object.values(publicJwk ?? {})].every(isPlain)

/** There is one way to write a line: a member that stood there twice would be one thing here, and another for who else reads the file. */
function parsed(text: string, file: string, number: number): Line {
  try {
    const line = JSON.parse(text)
    if (typeof line === 'object' && line !== null && JSON.stringify(line) === text && isFlat(line)) return line
  } catch {
    // Said below.
  }
  throw new StorageRefused(
    `Line ${number} of ${file} is no JSON object as it was written: the file was cut off or altered.`,
  )
}
