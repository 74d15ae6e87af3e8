/** What people do in a day: they sign in, refresh now and then, and most of them sign out. */

import { random } from '../settings.ts'

export type ActKind = 'sign-in' | 'refresh' | 'sign-out'

export interface Person {
  readonly username: string
  /** Undefined: never signs out, and refreshes every two hours. */
  refreshesLeft: number | undefined
  refreshToken: string
}

export interface Act {
  readonly atMs: number
  readonly kind: ActKind
  readonly person: Person
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const WHO_SIGN_OUT = 300_000
const WHO_STAY = 3000
/** Nobody may have more than fifty sessions at a time. */
const SESSIONS_OF_ONE = 150
/** As many refresh three times before they sign out; the others refresh twice. */
const SHARE_OF_THREE = 0.25

/** Nobody does two things within a slice, so that all acts of one may be done at once. */
export const SLICE_MS = 5 * MINUTE_MS

/** @param share of the whole day's people */
export function createPeople(share: number) {
  const chance = random('day')
  const between = (least: number, most: number) => least + chance() * (most - least)
  const userCount = Math.ceil(((WHO_SIGN_OUT + WHO_STAY) * share) / SESSIONS_OF_ONE)
  const usernames = Array.from({ length: userCount }, (_, index) => `person-${index}`)
  const slices: Act[][] = []

  function plan(act: Act): void {
    const slice = Math.floor(act.atMs / SLICE_MS)
    slices[slice] ??= []
    slices[slice].push(act)
  }

  function arrive(index: number, atMs: number, refreshesLeft: number | undefined): void {
    const username = usernames[index % userCount] ?? ''
    plan({ atMs, kind: 'sign-in', person: { username, refreshesLeft, refreshToken: '' } })
  }
  const count = (people: number) => Math.round(people * share)
  for (let index = 0; index < count(WHO_SIGN_OUT); index += 1)
    arrive(index, chance() * DAY_MS, chance() < SHARE_OF_THREE ? 3 : 2)
  for (let index = 0; index < count(WHO_STAY); index += 1) arrive(index, chance() * 2 * HOUR_MS, undefined)

  return {
    usernames,
    whoSignOut: count(WHO_SIGN_OUT),
    /** The acts of a slice in their order; the time is counted from the begin of the day. */
    actsOf: (slice: number): readonly Act[] => (slices[slice] ?? []).toSorted((a, b) => a.atMs - b.atMs),
    /** What a person does after this. */
    goOn({ kind, person, atMs }: Act): void {
      if (kind === 'sign-out') return
      if (person.refreshesLeft === undefined) {
        plan({ atMs: atMs + 2 * HOUR_MS, kind: 'refresh', person })
        return
      }
      // An access token lives for ten minutes: some sign out before it has expired, some after.
      const next = atMs + between(SLICE_MS, 25 * MINUTE_MS)
      plan({ atMs: next, kind: person.refreshesLeft === 0 ? 'sign-out' : 'refresh', person })
      person.refreshesLeft -= 1
    },
  }
}
