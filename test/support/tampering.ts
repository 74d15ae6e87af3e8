/** What somebody does to an audit who can write the database, but does not have its key. */
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto'
import { digestOf, hashOfRow } from '../../src/audit/encoding.ts'
import { sealMessage } from '../../src/records/audit-encoding.ts'
import type { AuditRow, AuditSeal } from '../../src/records/audit-seal.ts'
import { change, type Row, select } from './sqlite.ts'

/** A number from 0 up to 1. */
export type Random = () => number

const anyOf = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T

const rowsIn = (file: string): Row[] =>
  select(file, 'select * from audit_events where seal is not null order by seal, id')
const sealsIn = (file: string): Row[] => select(file, 'select * from audit_seals order by number')

const columns = [
  ...['id', 'type', 'occurred_at_ms', 'outcome', 'reason', 'actor', 'user_id', 'client_id', 'session_id'],
  ...['target', 'address', 'user_agent', 'request_id', 'count', 'name_hash', 'details'],
]

/** Every kind of change, from the smallest to nothing at all. */
function altered(random: Random, value: unknown): unknown {
  if (typeof value === 'number')
    return anyOf(random, [value + 1, -value - 1, 0.5, 'text', null === value ? 0 : value * 2 + 1])
  if (value === null) return anyOf(random, ['', 'null', '-', 'x'])
  const text = String(value)
  const at = Math.floor(random() * text.length)
  return anyOf(random, [
    `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`,
    `${text} `,
    text.slice(1),
    '',
  ])
}

function alter(file: string, random: Random): void {
  const row = anyOf(random, rowsIn(file))
  const column = anyOf(random, columns)
  // These may not be null, and hold whole numbers, text or what can be made of it.
  const value = altered(random, row[column])
  change(file, `update audit_events set ${column} = ? where id = ?`, value, row['id'])
}

const remove = (file: string, random: Random): void =>
  change(file, 'delete from audit_events where id = ?', anyOf(random, rowsIn(file))['id'])

function insert(file: string, random: Random): void {
  const [row, like] = [anyOf(random, rowsIn(file)), anyOf(random, rowsIn(file))]
  const id = `event_${hash('sha256', String(random()), 'hex').slice(0, 32)}`
  const names = Object.keys(row)
  const values = { ...row, id, seal: like['seal'] } as Row
  change(
    file,
    `insert into audit_events (${names.join()}) values (${names.map(() => '?').join()})`,
    ...names.map(name => values[name]),
  )
}

/** Two rows of two seals change places, or what is in them does. */
function swap(file: string, random: Random): void {
  const one = anyOf(random, rowsIn(file))
  const other = anyOf(
    random,
    rowsIn(file).filter(({ seal, target }) => seal !== one['seal'] && target !== one['target']),
  )
  const column = anyOf(random, ['seal', 'target'])
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const)
    change(file, `update audit_events set ${column} = ? where id = ?`, from[column], to['id'])
}

/** The last seals, with their rows, or without, or so that the rows look as if they were waiting. */
function cutOff(file: string, random: Random): void {
  const seals = sealsIn(file)
  const from = seals[Math.ceil(random() * (seals.length - 1))]?.['number']
  change(file, 'delete from audit_seals where number >= ?', from)
  const what = anyOf(random, ['delete from audit_events', 'update audit_events set seal = null', undefined])
  if (what !== undefined) change(file, `${what} where seal >= ?`, from)
}

/** A seal in the middle, with its rows or without. */
function takeOut(file: string, random: Random): void {
  const number = anyOf(random, sealsIn(file).slice(0, -1))['number']
  change(file, 'delete from audit_seals where number = ?', number)
  if (random() < 0.5) change(file, 'delete from audit_events where seal = ?', number)
}

function takeOffNumber(file: string, random: Random): void {
  const row = anyOf(random, rowsIn(file))
  const value = anyOf(random, [null, 0, 1_000_000, -1, 'x', Number(row['seal']) + 1])
  change(file, 'update audit_events set seal = ? where id = ?', value, row['id'])
}

function alterSeal(file: string, random: Random): void {
  const seal = anyOf(random, sealsIn(file))
  const column = anyOf(random, ['encoding', 'count', 'digest', 'sealed_at_ms', 'kid', 'signature'])
  change(file, `update audit_seals set ${column} = ? where number = ?`, altered(random, seal[column]), seal['number'])
}

const toRow = (row: Row): AuditRow => ({
  ...{ id: row['id'], type: row['type'], occurredAtMs: row['occurred_at_ms'], outcome: row['outcome'] },
  ...{ reason: row['reason'], actor: row['actor'], userId: row['user_id'], clientId: row['client_id'] },
  ...{ sessionId: row['session_id'], target: row['target'], address: row['address'], userAgent: row['user_agent'] },
  ...{ requestId: row['request_id'], count: row['count'], nameHash: row['name_hash'], details: row['details'] },
  seal: row['seal'],
})

/** Makes the chain anew from one seal on, as the program does, with a key of the forger's. */
function resign(file: string, fromNumber: number, kid: string | undefined, privateKey: KeyObject): void {
  const databaseId = select(file, 'select id from instance')[0]?.['id']
  let before = sealsIn(file).findLast(({ number }) => number < fromNumber)?.['digest']
  for (const row of sealsIn(file).filter(({ number }) => number >= fromNumber)) {
    const rows = select(file, 'select * from audit_events where seal = ? order by id', row['number']).map(toRow)
    const seal: Omit<AuditSeal, 'signature'> = {
      ...{ number: row['number'], encoding: row['encoding'], count: rows.length, kid: kid ?? row['kid'] },
      ...{ digest: digestOf(before, rows.map(hashOfRow)), sealedAtMs: row['sealed_at_ms'] },
    }
    before = seal.digest
    const signature = sign(null, sealMessage(databaseId, seal), privateKey).toString('base64url')
    change(
      file,
      'update audit_seals set count = ?, digest = ?, kid = ?, signature = ? where number = ?',
      ...[seal.count, seal.digest, seal.kid, signature, seal.number],
    )
  }
}

/** Alters something, and makes the seals fit with another key: under the name of the right one, as its successor, or in its place. */
function forge(file: string, random: Random): void {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x } = publicKey.export({ format: 'jwk' })
  const kid = hash('sha256', JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }), 'base64url')
  const jwk = JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x })
  const first = anyOf(random, sealsIn(file))['number']
  const [row] = select(file, 'select id from audit_events where seal = ?', first)
  change(file, "update audit_events set target = 'forged' where id = ?", row?.['id'])
  const how = anyOf(random, ['same name', 'successor', 'signed successor', 'instead'] as const)
  if (how === 'instead') {
    change(file, 'delete from audit_keys where number > 1')
    change(file, 'update audit_keys set kid = ?, public_jwk = ?, signature = null', kid, jwk)
    resign(file, 1, kid, privateKey)
    return
  }
  if (how !== 'same name') {
    change(file, 'delete from audit_keys where first_seal > ?', first)
    const number = select(file, 'select max(number) as last from audit_keys')[0]?.['last'] + 1
    const signature = how === 'successor' ? null : 'A'.repeat(86)
    const statement =
      'insert into audit_keys (number, first_seal, kid, public_jwk, created_at_ms, signature) values (?, ?, ?, ?, 0, ?)'
    change(file, statement, number, first, kid, jwk, signature)
  }
  resign(file, first, how === 'same name' ? undefined : kid, privateKey)
}

export const tamperings = { alter, remove, insert, swap, cutOff, takeOut, takeOffNumber, alterSeal, forge } as const
