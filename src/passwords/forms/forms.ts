/** Every form that can be imported, and the way from one to what is stored. */
import { readStoredHash } from '../stored-hash.ts'
import { bcrypt } from './bcrypt.ts'
import { type ForeignHash, type Form, type FormOptions, HashRefused, type ReadForm } from './form.ts'

/** No two read the same hash. */
const forms: readonly Form[] = [bcrypt]

export interface ImportedHash extends ReadForm {
  /** Of a check with one spelling; the unit is an Argon2id of ours. */
  readonly cost: number
}

/** How dear a check may be, unless the operator allows more. */
export const DEFAULT_MAX_COST = 25

/**
 * @param maxCost what a check of one spelling may cost; the unit is an Argon2id of ours
 * @throws HashRefused
 */
export function readForeignHash(foreign: ForeignHash, maxCost: number, options: FormOptions = {}): ImportedHash {
  const read = forms.map(form => form(foreign, options)).find(found => found !== undefined)
  const stored = read && readStoredHash(read.stored)
  if (read === undefined || stored === undefined) throw new HashRefused('The form of the hash is not known.')
  if (stored.problem !== undefined) throw new HashRefused(stored.problem)
  if (stored.cost > maxCost)
    throw new HashRefused(`A check costs as much as ${Math.ceil(stored.cost)} of ours: see --max-cost.`)
  return { ...read, cost: stored.cost }
}
