/** Which events are asked for, and by which index they are found. */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { type AuditFilter, type AuditParty, actorOf } from '../../records/audit-event.ts'
import type { Schema } from '../engine/schema.ts'

export type Row = ExpressionBuilder<Schema, 'audit_events'>
export type Condition = (row: Row) => Expression<SqlBool>
type Column = 'user_id' | 'client_id' | 'name_hash' | 'address' | 'actor'

/** What one index leads to, in the order of time, and what is asked of each row that it leads to. */
export interface Strand {
  readonly begin: readonly Condition[]
  readonly rest: readonly Condition[]
}

/** By the index of this column. */
const lead =
  (column: Column, value: string): Condition =>
  row =>
    row(`audit_events.${column}`, '=', value)

/** Said once more, as the index of the actors has it: it holds nobody else. */
const isNamed: Condition = row =>
  row.and(['client', 'user', 'signet'].map(nobody => row('audit_events.actor', '<>', sql.lit(nobody))))

/** Of a row that another index leads to: SQLite, which does not know how rare a value is, might else choose this column's. */
const follow = (row: Row, column: Column, values: readonly string[]) =>
  row(row.fn.coalesce(row.ref(`audit_events.${column}`), sql.lit('')), 'in', values)

const ofParty =
  (column: 'user_id' | 'client_id', { ids, nameHash }: AuditParty): Condition =>
  row => {
    const either = [
      ...(ids.length > 0 ? [follow(row, column, ids), follow(row, 'actor', ids.map(actorOf))] : []),
      ...(nameHash === undefined ? [] : [follow(row, 'name_hash', [nameHash])]),
    ]
    return row.or(either)
  }

/** What was done to and as the party, tried with the name while nobody had it, and done by the party over HTTP. */
const leadsOf = (column: 'user_id' | 'client_id', { ids, nameHash }: AuditParty): readonly (readonly Condition[])[] => [
  ...ids.map(id => [lead(column, id)]),
  ...(nameHash === undefined ? [] : [[lead('name_hash', nameHash)]]),
  ...ids.map(id => [lead('actor', actorOf(id)), isNamed]),
]

function timesOf({ sinceMs, beforeMs }: AuditFilter): readonly Condition[] {
  return [
    ...(sinceMs === undefined ? [] : [(row: Row) => row('audit_events.occurred_at_ms', '>=', sinceMs)]),
    ...(beforeMs === undefined ? [] : [(row: Row) => row('audit_events.occurred_at_ms', '<', beforeMs)]),
  ]
}

const detailsOf = ({ types, outcome }: AuditFilter): readonly Condition[] => [
  ...(types === undefined ? [] : [(row: Row) => row('audit_events.type', 'in', types)]),
  ...(outcome === undefined ? [] : [(row: Row) => row('audit_events.outcome', '=', outcome)]),
]

const ofAddresses =
  (addresses: readonly string[]): Condition =>
  row =>
    follow(row, 'address', addresses)

/** Of rows that the index of the seals leads to. */
export const conditionsOf = (filter: AuditFilter): readonly Condition[] => [
  ...timesOf(filter),
  ...detailsOf(filter),
  ...(filter.user === undefined ? [] : [ofParty('user_id', filter.user)]),
  ...(filter.client === undefined ? [] : [ofParty('client_id', filter.client)]),
  ...(filter.addresses === undefined ? [] : [ofAddresses(filter.addresses)]),
]

/** By what is likely to be the rarest: a user, then an address, then a client, then the time alone. */
export function strandsOf(filter: AuditFilter): readonly Strand[] {
  const { user, client, addresses } = filter
  const times = timesOf(filter)
  const ofClient = client === undefined ? [] : [ofParty('client_id', client)]
  const fromThere = addresses === undefined ? [] : [ofAddresses(addresses)]
  const strand = (begin: readonly Condition[], rest: readonly Condition[] = []): Strand => ({
    begin: [...begin, ...times],
    rest: [...detailsOf(filter), ...rest],
  })
  if (user !== undefined) return leadsOf('user_id', user).map(begin => strand(begin, [...fromThere, ...ofClient]))
  if (addresses !== undefined) return addresses.map(address => strand([lead('address', address)], ofClient))
  if (client !== undefined) return leadsOf('client_id', client).map(begin => strand(begin))
  return [{ begin: times, rest: detailsOf(filter) }]
}
