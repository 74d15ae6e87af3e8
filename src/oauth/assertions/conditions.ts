/** Conditions on the claims of a workload's token: each must equal its claim as a whole. There are no patterns. */
import type { AuditDetails } from '../../records/audit-event.ts'
import { claimPath } from '../../records/claim-name.ts'
import type { Condition } from '../../records/client-trust.ts'
import type { Jwk } from '../../records/public-key.ts'

/** Of what others wrote. */
const MOST_CHARACTERS = 256

export const cut = (text: string): string => text.slice(0, MOST_CHARACTERS)

const memberOf = (value: unknown, name: string): unknown => {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(name)) return undefined
  return Object.hasOwn(value, name) ? (value as Jwk)[name] : undefined
}

const claimOf = (claims: Jwk, name: string): unknown =>
  claimPath(name)?.reduce<unknown>((value, member) => memberOf(value, member), claims)

/** A string, or the JSON text of a boolean or a whole number. */
function equals(claim: unknown, value: string): boolean {
  if (typeof claim === 'string') return claim === value
  if (typeof claim === 'boolean' || Number.isSafeInteger(claim)) return JSON.stringify(claim) === value
  return false
}

const holds = (claims: Jwk, { name, value }: Condition): boolean => {
  const claim = claimOf(claims, name)
  return Array.isArray(claim) ? claim.some(member => equals(member, value)) : equals(claim, value)
}

const seenOf = (claims: Jwk, name: string): string | null => {
  const claim = claimOf(claims, name)
  return claim === undefined ? null : cut(typeof claim === 'string' ? claim : JSON.stringify(claim))
}

/** Those that do not hold, with what is there instead. */
export const mismatches = (claims: Jwk, conditions: readonly Condition[]): NonNullable<AuditDetails['did_not_match']> =>
  conditions
    .filter(condition => !holds(claims, condition))
    .map(({ name, value }) => ({ claim: name, condition: value, seen: seenOf(claims, name) }))
