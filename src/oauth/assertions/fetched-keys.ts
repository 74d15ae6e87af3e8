/**
 * Keys of others, kept: in memory, and in the database for the other instances and for the time after a start. They are fetched again at
 * the first use after ten minutes, and when a token names one that is not there; what is known serves through an outage of a day.
 */
import type { Clock } from '../../clock.ts'
import type { FetchedKeys, FetchedKeysReader, KeyLocation } from '../../records/fetched-keys.ts'
import type { PublicJwk } from '../../records/public-key.ts'
import type { Stores, Write } from '../../records/unit-of-work.ts'
import { type Fetch, readPublishedKeys } from './published-keys.ts'

const FRESH_MS = 10 * 60_000
const LONGEST_OUTAGE_MS = 24 * 60 * 60_000
/** Unknown keys, and an issuer that does not answer, cause no more than one fetch in this time. */
const COOLDOWN_MS = 10_000
const MOST_KEPT = 1000

/** @param suffices whether what is asked for is among them: if it is not, they may be older than it */
export type KeysAt = (location: KeyLocation, suffices: (keys: readonly PublicJwk[]) => boolean) => Promise<FetchedKeys>

const nothing: FetchedKeys = { keys: [], leftOut: [], fetchedAtMs: undefined, failure: undefined }

export function createFetchedKeys(dependencies: {
  readonly fetch: Fetch
  readonly fetchedKeys: FetchedKeysReader
  readonly write: Write
  readonly clock: Clock
}): KeysAt {
  const { fetch, fetchedKeys, write, clock } = dependencies
  const held = new Map<string, FetchedKeys>()
  const triedAtMs = new Map<string, number>()
  const underWay = new Map<string, Promise<FetchedKeys>>()

  const nameOf = ({ kind, uri }: KeyLocation): string => `${kind} ${uri}`

  /** What lies ahead was fetched before the clock was set back. */
  const isWithin = (atMs: number | undefined, ms: number): boolean =>
    atMs !== undefined && atMs <= clock.now() && clock.now() - atMs < ms

  const isFresh = ({ fetchedAtMs }: FetchedKeys): boolean => isWithin(fetchedAtMs, FRESH_MS)

  /** Whether what is known is given without a fetch: it is enough, or there was a try just now. */
  const isServed = (location: KeyLocation, known: FetchedKeys, suffices: Parameters<KeysAt>[1]): boolean =>
    (isFresh(known) && suffices(known.keys)) || isWithin(triedAtMs.get(nameOf(location)), COOLDOWN_MS)

  function keep(location: KeyLocation, fetched: FetchedKeys): FetchedKeys {
    if (held.size >= MOST_KEPT) for (const map of [held, triedAtMs]) map.clear()
    held.set(nameOf(location), fetched)
    return fetched
  }

  /** They are of use in this process whether or not they can be written. */
  const note = (work: (stores: Stores) => Promise<void>) => write(work).catch(() => undefined)

  async function fetchNow(location: KeyLocation, before: FetchedKeys): Promise<FetchedKeys> {
    triedAtMs.set(nameOf(location), clock.now())
    try {
      const set = await readPublishedKeys(fetch, location)
      const fetched = keep(location, { ...set, fetchedAtMs: clock.now(), failure: undefined })
      await note(stores => stores.fetchedKeys.put(location, fetched))
      return fetched
    } catch (error) {
      const failure = { atMs: clock.now(), message: (error as Error).message }
      await note(stores => stores.fetchedKeys.putFailure(location, failure))
      return keep(location, { ...before, failure })
    }
  }

  /** What this process or another one has fetched last. */
  async function newest(location: KeyLocation): Promise<FetchedKeys> {
    const [mine, stored] = [held.get(nameOf(location)) ?? nothing, await fetchedKeys.find(location)]
    return (stored?.fetchedAtMs ?? 0) >= (mine.fetchedAtMs ?? 0) ? (stored ?? mine) : mine
  }

  async function renew(location: KeyLocation, suffices: Parameters<KeysAt>[1]): Promise<FetchedKeys> {
    // Another instance may have been here just now.
    const known = await newest(location)
    return isServed(location, known, suffices) ? keep(location, known) : fetchNow(location, known)
  }

  /** One at a time for a location: whoever asks meanwhile gets the same. */
  function renewOnce(location: KeyLocation, suffices: Parameters<KeysAt>[1]): Promise<FetchedKeys> {
    const name = nameOf(location)
    const renewing = underWay.get(name) ?? renew(location, suffices).finally(() => underWay.delete(name))
    underWay.set(name, renewing)
    return renewing
  }

  const isCooling = (name: string): boolean => !underWay.has(name) && isWithin(triedAtMs.get(name), COOLDOWN_MS)

  async function renewed(location: KeyLocation, suffices: Parameters<KeysAt>[1]): Promise<FetchedKeys> {
    const found = await renewOnce(location, suffices)
    // Whoever began may have been content with less.
    return suffices(found.keys) || isCooling(nameOf(location)) ? found : renewOnce(location, suffices)
  }

  const isUsable = ({ fetchedAtMs }: FetchedKeys): boolean =>
    isWithin(fetchedAtMs, LONGEST_OUTAGE_MS) || (fetchedAtMs ?? 0) > clock.now()

  return async (location, suffices) => {
    const name = nameOf(location)
    const known = held.get(name) ?? nothing
    // Who finds the key among those that are known does not wait while they are fetched again.
    const isEnough = suffices(known.keys) && (isFresh(known) || (underWay.has(name) && isUsable(known)))
    const found = isEnough || isCooling(name) ? known : await renewed(location, suffices)
    return isUsable(found) ? found : { ...found, keys: [] }
  }
}
