/** Which event it is that somebody added to a seal, or took out of it: that with which, or without which, the digest is right again. */
import type { AuditRow } from '../records/audit-seal.ts'
import { byId, hashOfRow } from './encoding.ts'

type Fits = (hashes: readonly Buffer[]) => boolean

/** @returns its id; undefined when more than that is wrong */
export const addedRow = (rows: readonly AuditRow[], hashes: readonly Buffer[], fits: Fits): string | undefined =>
  rows.find((_, index) => fits(hashes.toSpliced(index, 1)))?.id

/** A seal of which one row is missing. */
interface LackingSeal {
  readonly number: number
  /** By their ids. */
  readonly rows: readonly AuditRow[]
  readonly hashes: readonly Buffer[]
  readonly fits: Fits
}

/** So many are looked for, among so many rows: whoever did more is found all the same, but not row by row. */
const MOST_SEALS = 20
const MOST_ROWS = 1000

export function createLackingSeals() {
  const seals: LackingSeal[] = []
  let looked = 0

  return {
    note(seal: LackingSeal): void {
      if (seals.length < MOST_SEALS) seals.push(seal)
    },
    missingAmong(rows: readonly AuditRow[]): { readonly row: AuditRow; readonly number: number }[] {
      if (seals.length === 0) return []
      const some = rows.slice(0, MOST_ROWS - looked)
      looked += some.length
      return some.flatMap(row => {
        const found = seals.find(seal => {
          const at = seal.rows.findIndex(each => byId(row, each) < 0)
          return seal.fits(seal.hashes.toSpliced(at < 0 ? seal.hashes.length : at, 0, hashOfRow(row)))
        })
        return found === undefined ? [] : [{ row, number: found.number }]
      })
    },
  }
}
