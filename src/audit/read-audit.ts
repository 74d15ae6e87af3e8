/**
 * Reads the audit of a database by pages, each of one moment: it is sealed and removed while it is read, and a row that is in its seal
 * is in the page of its seal.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AuditKey, AuditRow, AuditSeal } from '../records/audit-seal.ts'
import type { Readers, Snapshot } from '../records/unit-of-work.ts'
import type { AuditItem } from './items.ts'
import { MOST_ROWS } from './sealing.ts'

const SEALS_A_PAGE = 500
const ROWS_A_PAGE = 5000
/** More rows than the seals of a page have were put there by somebody. */
const ROWS_TOO_MANY = 1000

interface Page {
  readonly seals: readonly AuditSeal[]
  readonly rows: readonly AuditRow[]
  readonly keys: readonly AuditKey[]
  /** Of all that are there. */
  readonly firstSeal: number | undefined
  /** The first rows without a seal, when no seal comes after this page. */
  readonly unsealed: readonly AuditRow[] | undefined
}

/** Somebody may have written there what is no number of rows. */
const rowsOf = ({ count }: AuditSeal): number => (Number.isInteger(count) && count > 0 ? Math.min(count, MOST_ROWS) : 0)

/** As many seals as have the rows of a page, at least one. */
function fitting(seals: readonly AuditSeal[]): readonly AuditSeal[] {
  let rows = 0
  const firstBeyond = seals.findIndex(seal => {
    rows += rowsOf(seal)
    return rows > ROWS_A_PAGE
  })
  return firstBeyond < 0 ? seals : seals.slice(0, Math.max(1, firstBeyond))
}

async function readPage(
  { auditSeals }: Pick<Readers, 'auditSeals'>,
  after: number | undefined,
  mostSeals: number,
): Promise<Page> {
  const found = await auditSeals.seals(after, mostSeals)
  const seals = fitting(found)
  const isLast = found.length < mostSeals && seals.length === found.length
  const expected = seals.reduce((total, seal) => total + rowsOf(seal), 0)
  const most = expected + ROWS_TOO_MANY
  const rows = await auditSeals.sealed(after, isLast ? undefined : seals.at(-1)?.number, most)
  // What somebody put into one seal must not take the place of what others have.
  if (rows.length === most && seals.length > 1) return readPage({ auditSeals }, after, 1)
  const [first] = await auditSeals.seals(undefined, 1)
  const unsealed = isLast ? await auditSeals.unsealed('', ROWS_A_PAGE) : undefined
  return { seals, rows, unsealed, keys: await auditSeals.keys(), firstSeal: first?.number }
}

function* itemsOf({ seals, rows }: Page): Generator<AuditItem> {
  const bySeal = new Map<number, AuditRow[]>(seals.map(({ number }) => [number, []]))
  const stray = rows.filter(row => bySeal.get(row.seal as number)?.push(row) === undefined)
  for (const seal of seals) yield { kind: 'batch', seal, rows: bySeal.get(seal.number) ?? [] }
  if (stray.length > 0) yield { kind: 'stray', rows: stray }
}

/** Everything that is there, in its order. */
export async function* readAudit(snapshot: Snapshot): AsyncGenerator<AuditItem> {
  const instance = await snapshot(readers => readers.instance.find())
  yield { kind: 'database', id: instance?.id ?? '' }
  let after: number | undefined
  let keysKnown = 0
  for (let isLast = false; !isLast; await nextTurn()) {
    const page: Page = await snapshot(readers => readPage(readers, after, SEALS_A_PAGE))
    for (const key of page.keys.slice(keysKnown)) yield { kind: 'key', key }
    keysKnown = page.keys.length
    const first = page.seals[0]?.number
    if (after !== undefined && first !== undefined && first > after + 1 && first === page.firstSeal)
      yield { kind: 'removed_meanwhile' }
    yield* itemsOf(page)
    after = page.seals.at(-1)?.number ?? after
    isLast = page.unsealed !== undefined
    yield* unsealedFrom(page.unsealed ?? [], snapshot)
  }
}

async function* unsealedFrom(first: readonly AuditRow[], snapshot: Snapshot): AsyncGenerator<AuditItem> {
  for (let rows = first; rows.length > 0; await nextTurn()) {
    yield { kind: 'unsealed', rows }
    const last = rows.at(-1)?.id ?? ''
    rows = rows.length < ROWS_A_PAGE ? [] : await snapshot(({ auditSeals }) => auditSeals.unsealed(last, ROWS_A_PAGE))
  }
}
