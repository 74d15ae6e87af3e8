/** The day, slice by slice: everybody acts, the janitor sweeps, the rows are counted. */
import type { Test } from 'tap'
import { addAccounts, refreshForm, revokeForm, signInForm } from '../../../bench/accounts.ts'
import { type Connection, openConnection } from '../../../bench/connection.ts'
import type { Environment } from '../../../bench/service.ts'
import type { Clock } from '../../../src/clock.ts'
import { createContainer } from '../../../src/compose/container.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import type { PasswordHasher } from '../../../src/passwords/passwords.ts'
import { createAlive } from './alive.ts'
import { type Act, createPeople, type Person, SLICE_MS } from './people.ts'
import { type Counts, openRows } from './rows.ts'

const CONNECTIONS = 16
/** The list of the first day is gone after 37 hours and some minutes. */
const SLICES = (38 * 3_600_000) / SLICE_MS
const BATCH = 200
const MOST_LISTS = 2

/** A password costs 25 ms of a core, which is not the subject. */
const instantHasher: PasswordHasher = {
  hash: async () => `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  verify: async () => true,
}

export interface Report {
  readonly violations: readonly string[]
  readonly issued: number
  readonly signedOut: number
  readonly whoSignOut: number
  /** Rows right after a sweep. */
  readonly most: Counts
  readonly atTheEnd: Counts
  readonly writtenByRefresh: Readonly<Record<string, number>>
}

const requestOf = ({ kind, person }: Act): readonly [path: string, form: string] => {
  if (kind === 'sign-in') return ['/oauth/token', signInForm(person.username)]
  if (kind === 'refresh') return ['/oauth/token', refreshForm(person.refreshToken)]
  return ['/oauth/revoke', revokeForm(person.refreshToken)]
}

/**
 * @param share of a million tokens and 300,000 sign-outs
 * @param environment of a service that has never run
 */
export async function run(
  t: Test,
  options: { readonly share: number; readonly environment: Environment },
): Promise<Report> {
  const { share, environment } = options
  const config = readConfig(environment)
  if (config.database.kind !== 'sqlite') throw new Error('This looks into a SQLite file.')
  const beginMs = Date.now()
  let nowMs = beginMs
  const clock: Clock = { now: () => nowMs }
  const faults = { hasher: () => instantHasher }
  const container = createContainer(config, { clock, faults, logTo: { write: () => undefined } })
  t.teardown(() => container.close())
  const people = createPeople(share)
  await container.migrate()
  await addAccounts(container, people.usernames)
  const service = await container.serve()
  t.teardown(() => service.stop())
  const janitor = await container.janitor()
  const rows = openRows(config.database.path)
  t.teardown(rows.close)
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => openConnection(config.port)))
  t.teardown(() => connections.forEach(connection => void connection.close()))

  const alive = createAlive()
  const violations: string[] = []
  let [issued, signedOut] = [0, 0]
  let someone: Person | undefined
  let most = rows.count()
  let atTheEnd = most

  async function perform(act: Act, connection: Connection): Promise<void> {
    nowMs = Math.max(nowMs, beginMs + act.atMs)
    const { kind, person } = act
    const { status, body } = await connection.post(...requestOf(act))
    if (status !== 200) throw new Error(`${kind}: ${status} ${body}`)
    people.goOn(act)
    if (kind === 'sign-out') {
      signedOut += 1
      return alive.end(person, nowMs)
    }
    issued += 1
    person.refreshToken = JSON.parse(body).refresh_token
    alive.issue(person, nowMs)
    if (person.refreshesLeft === undefined) someone = person
  }

  async function performAll(acts: readonly Act[]): Promise<void> {
    const rest = acts.values()
    await Promise.all(
      connections.map(async connection => {
        for (const act of rest) await perform(act, connection)
      }),
    )
  }

  function compare(slice: number): void {
    const counts = rows.count()
    const expected = alive.count(nowMs)
    const bound = (name: keyof Counts, limit: number) => {
      if (counts[name] > limit) violations.push(`slice ${slice}: ${counts[name]} ${name}, and ${limit} are the limit`)
    }
    bound('sessions', expected.sessions + BATCH)
    bound('revocations', expected.revocations + BATCH)
    bound('status_lists', MOST_LISTS)
    most = {
      sessions: Math.max(most.sessions, counts.sessions),
      revocations: Math.max(most.revocations, counts.revocations),
      status_lists: Math.max(most.status_lists, counts.status_lists),
    }
    atTheEnd = counts
  }

  for (let slice = 0; slice < SLICES; slice += 1) {
    await performAll(people.actsOf(slice))
    nowMs = beginMs + (slice + 1) * SLICE_MS
    await janitor.sweep()
    compare(slice)
  }
  const refreshOnce = async () => {
    if (someone === undefined) throw new Error('Nobody stayed.')
    await perform({ atMs: SLICES * SLICE_MS, kind: 'refresh', person: someone }, connections[0] as Connection)
  }
  const writtenByRefresh = await rows.writtenBy(refreshOnce)
  return { violations, issued, signedOut, whoSignOut: people.whoSignOut, most, atTheEnd, writtenByRefresh }
}
