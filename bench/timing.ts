/**
 * Whether the time of an answer tells which names are known: sign-ins of unknown and of known users with an empty, a short, a wrong and
 * a long password, before and after an import: then there are users whose hash another system made, in a form that is cheaper and in
 * one that is dearer, and some whose hash a version of Signet with other parameters made. All kinds in a random order, one request after
 * the other, each from a network of its own, no user more than once a kind. Fails when an unknown and a known user can be told apart:
 * |P(X > Y) - 1/2| of 0.06 or more.
 *
 *     npm run bench:timing
 *     npm run bench:timing -- --samples 500
 */
import { parseArgs } from 'node:util'
import { hash } from '@node-rs/argon2'
import { readStoredHash, spellImported } from '../src/passwords/stored-hash.ts'
import { addAccountsBefore } from './accounts.ts'
import { type Connection, openConnection } from './connection.ts'
import { password, wrongSignInForm } from './forms.ts'
import { forwardedFrom, trusted } from './networks.ts'
import { endService, prepareService, startService } from './service.ts'
import { medianOf, probabilityOfLonger, shuffled } from './timing/statistics.ts'
import { addUsers, type Stored, usernameOf } from './timing/users.ts'

const { values } = parseArgs({ options: { samples: { type: 'string', default: '500' } } })
const samples = Number(values.samples)
const WARM_UP = 100
const LIMIT = 0.06

const passwords = { empty: '', 'one character': 'x', wrong: 'a quiet river runs south', long: 'x'.repeat(400) }
type Kind = keyof typeof passwords
const kinds = Object.keys(passwords) as Kind[]

const ours = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const stored = (passwordHash: string): Stored => ({ passwordHash, hashCost: readStoredHash(passwordHash)?.cost })
const bcrypt = (cost: string) => stored(spellImported(`$2b$${cost}$${'a'.repeat(21)}O${'a'.repeat(30)}O`))
/** Users of their own for each part, so that nobody is guessed at too often. */
const known: Readonly<Record<string, Stored>> = {
  ours: { passwordHash: await hash(password, ours) },
  former: stored(await hash(password, { ...ours, memoryCost: 9728 })),
  phpass: stored(spellImported(`$P$B12345678${'.'.repeat(22)}`, ['maybe-wordpress'])),
  bcrypt8: bcrypt('08'),
  bcrypt10: bcrypt('10'),
}

const UNKNOWN = 'unknown'
const port = 34677
const prepared = prepareService(port)
const environment = { ...prepared.environment, ...trusted }
let requests = 0

async function time(connection: Connection, username: string, kind: Kind): Promise<number> {
  requests += 1
  const [form, headers] = [wrongSignInForm(username, passwords[kind]), forwardedFrom(requests)]
  const begin = performance.now()
  const { status, body } = await connection.post('/oauth/token', form, headers)
  const took = performance.now() - begin
  if (status !== 400) throw new Error(`${status} ${body}`)
  return took
}

/** Milliseconds of each sample, by kind and group. */
async function sample(names: readonly string[]): Promise<(kind: Kind, group: string) => number[]> {
  const service = await startService(environment)
  const durations = new Map<string, number[]>()
  const of = (kind: Kind, group: string) => durations.getOrInsertComputed(`${kind} ${group}`, () => [])
  try {
    const connection = await openConnection(port)
    for (let number = 0; number < WARM_UP; number += 1) await time(connection, `warm-up-${number}`, 'wrong')
    const due = names.flatMap(group =>
      kinds.flatMap(kind => Array.from({ length: samples }, (_, number) => ({ group, kind, number }))),
    )
    // Nobody is unknown twice.
    const nameOf = (group: string, number: number) => usernameOf(group, group === UNKNOWN ? requests : number)
    for (const { group, kind, number } of shuffled(due))
      of(kind, group).push(await time(connection, nameOf(group, number), kind))
    connection.close()
    return of
  } finally {
    await endService(service)
  }
}

/** Prints a row for each kind and group. @returns the greatest distance from 1/2 */
function report(title: string, of: (kind: Kind, group: string) => number[], known: readonly string[]): number {
  const distances: number[] = []
  for (const kind of kinds)
    for (const group of known) {
      const [x, y] = [of(kind, UNKNOWN), of(kind, group)]
      const distance = probabilityOfLonger(x, y) - 0.5
      distances.push(Math.abs(distance))
      const medians = [medianOf(x), medianOf(y)].map(each => each.toFixed(2))
      console.log(`| ${[title, kind, group, ...medians, distance.toFixed(3)].join(' | ')} |`)
    }
  return Math.max(...distances)
}

try {
  await addAccountsBefore(environment)
  await addUsers(environment, 'before', samples, known['ours'] as Stored)
  console.log('| | password | hash of the known user | unknown, ms | known, ms | P(unknown takes longer) - 1/2 |')
  console.log('|---|---|---|---:|---:|---:|')
  const before = report('before', await sample([UNKNOWN, 'before']), ['before'])
  for (const [group, each] of Object.entries(known)) await addUsers(environment, group, samples, each)
  const groups = Object.keys(known)
  const after = report('after', await sample([UNKNOWN, ...groups]), groups)
  const worst = Math.max(before, after)
  console.log(`the greatest distance is ${worst.toFixed(3)}; ${LIMIT} is too much`)
  if (worst >= LIMIT) process.exitCode = 1
} finally {
  prepared.remove()
}
