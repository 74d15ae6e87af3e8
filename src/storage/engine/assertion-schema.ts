/** The tables of assertions: whose tokens are trusted, their keys, and what was used. */
import type { KeyLocation } from '../../records/fetched-keys.ts'

type Json = string

/** Whose tokens may prove that a workload is a client. */
export interface TrustedIssuersTable {
  id: string
  name: string
  url: string | null
  trust_domain: string | null
  key_source: Json
  audience: string | null
  max_lifetime_seconds: number
  is_shared: number
  created_at_ms: number
  revision: number
}

/** What may be used once, or is told of once. */
export interface UsedAssertionsTable {
  /** SHA-256. */
  hash: string
  until_ms: number
}

/** Keys as others publish them. */
export interface FetchedKeysTable {
  kind: KeyLocation['kind']
  uri: string
  keys: Json
  left_out: Json
  fetched_at_ms: number | null
  /** Since they were fetched. */
  failed_at_ms: number | null
  failure: string | null
}
