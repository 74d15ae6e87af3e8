/** Every form that can be imported, and the way from one to what is stored. */
import { readStoredHash } from '../stored-hash.ts'
import { aspnet } from './aspnet.ts'
import { authlogic } from './authlogic.ts'
import { bcrypt } from './bcrypt.ts'
import { parseColumns } from './columns.ts'
import { discourse } from './discourse.ts'
import { django } from './django.ts'
import { firebase } from './firebase.ts'
import {
  type ColumnsForm,
  type ForeignHash,
  type FormOptions,
  HashRefused,
  INSTEAD,
  type ReadForm,
  type TextForm,
} from './form.ts'
import { gitea } from './gitea.ts'
import { grafana } from './grafana.ts'
import { keycloak } from './keycloak.ts'
import { ldap } from './ldap.ts'
import { nextcloud } from './nextcloud.ts'
import { passlib } from './passlib.ts'
import { phc } from './phc.ts'
import { refused } from './refused.ts'
import { rubyScrypt } from './ruby-scrypt.ts'
import { spring } from './spring.ts'
import { werkzeug } from './werkzeug.ts'
import { phpass, wordpress } from './wordpress.ts'

/** No two read the same hash. */
export const textForms: readonly TextForm[] = [
  ...[bcrypt, phc, django, werkzeug, passlib, spring, ldap],
  ...[aspnet, wordpress, phpass, nextcloud, rubyScrypt],
]
export const columnsForms: readonly ColumnsForm[] = [keycloak, discourse, gitea, firebase, grafana, authlogic]

export interface ImportedHash extends ReadForm {
  /** Of a check with one spelling; the unit is an Argon2id of ours. */
  readonly cost: number
}

/** How dear a check may be, unless the operator allows more. */
export const DEFAULT_MAX_COST = 25

const UNKNOWN = `The form of this hash is not known. If it is a password in plain text, that is not imported. ${INSTEAD}`
const UNKNOWN_COLUMNS = `These columns are not those of a known system: give the hash as one text. ${INSTEAD}`

/** Columns of a fixed width are filled up behind. */
function unpadded(text: string): string {
  let end = text.length
  while (end > 0 && ' \t\r\n\0'.includes(text[end - 1] ?? '')) end -= 1
  return text.slice(0, end)
}

function readText(text: string, options: FormOptions): ReadForm | undefined {
  for (const form of [...textForms, refused]) {
    const found = form(text, options)
    if (found !== undefined) return found
  }
  return undefined
}

function readColumns(foreign: Exclude<ForeignHash, string>, options: FormOptions): ReadForm {
  for (const form of columnsForms) {
    const found = form(foreign, options)
    if (found !== undefined) return found
  }
  throw new HashRefused(UNKNOWN_COLUMNS)
}

function read(foreign: ForeignHash, options: FormOptions): ReadForm {
  if (typeof foreign !== 'string') return readColumns(foreign, options)
  const text = unpadded(foreign)
  // A file with one text a person may hold the columns of a system in it.
  const columns = text.startsWith('{"') ? parseColumns(text) : undefined
  if (columns !== undefined) return readColumns(columns, options)
  const found = readText(text, options)
  if (found === undefined) throw new HashRefused(UNKNOWN)
  return found
}

/**
 * @param maxCost what a check of one spelling may cost; the unit is an Argon2id of ours
 * @throws HashRefused
 */
export function readForeignHash(foreign: ForeignHash, maxCost: number, options: FormOptions = {}): ImportedHash {
  const found = read(foreign, options)
  const stored = readStoredHash(found.stored)
  if (stored === undefined) throw new HashRefused(UNKNOWN)
  if (stored.problem !== undefined) throw new HashRefused(stored.problem)
  if (stored.cost > maxCost) {
    throw new HashRefused(
      `Checking this hash costs as much as ${Math.ceil(stored.cost)} of Signet's own; the limit is ${maxCost} (--max-cost).`,
    )
  }
  return { ...found, cost: stored.cost }
}
