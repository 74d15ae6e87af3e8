/** All status lists of the issuer, kept fresh: those that it says it has (§9 of the draft) and those that tokens name. */
import type { Environment, Report } from '../environment.ts'
import { parseJsonObject } from '../jose/decoding.ts'
import type { DocumentHealth } from './health.ts'
import { type Locations, liesUnder } from './locations.ts'
import type { MetadataSource } from './metadata.ts'
import { createPolledDocument, type PolledDocument } from './polled-document.ts'
import {
  assertCurrent,
  type ListRules,
  readStatusList,
  STATUS_LIST_TYPE,
  type StatusList,
} from './status-list-token.ts'

/** No token lives longer. */
const FORGET_AFTER_MS = 24 * 60 * 60 * 1000
/** Each may take 1 MiB of memory. */
const MAX_LISTS = 256

export interface NamedList extends PolledDocument<StatusList> {
  readonly uri: string
  /** The first fetch since it is polled, as long as it is under way. */
  firstLoad: Promise<void> | undefined
  isPolled: boolean
  /** When it was polled last, in milliseconds of `elapsed`. */
  polledAtMs: number
  /** Seconds since the epoch: when the last token that named it expires. */
  neededUntil: number
  /** Whether it was reported that a token passed without it. */
  isReported: boolean
}

export interface StatusLists {
  /** Whether a list may lie there: under the issuer. */
  readonly isListUri: (uri: string) => boolean
  /**
   * The list at a uri that lies under the issuer: one that is not polled is fetched at once, and then kept fresh with the others.
   * @param neededUntil when the token expires that names it, in seconds since the epoch
   */
  readonly get: (uri: string, neededUntil: number) => NamedList
  readonly refresh: () => Promise<void>
  /** Whether each list that the issuer says it has was loaded. */
  readonly areLoaded: () => boolean
  /** Of those that are polled. */
  readonly health: () => readonly DocumentHealth[]
  /** Undefined when the issuer has no aggregation, or is not known to have one. */
  readonly aggregationHealth: () => DocumentHealth | undefined
}

export function createStatusLists(
  issuer: string,
  locations: Locations,
  metadata: Pick<MetadataSource, 'read'>,
  rules: ListRules,
  environment: Environment,
  report: Report,
): StatusLists {
  const lists = new Map<string, NamedList>()
  const aggregation = createAggregation(issuer, metadata, environment, report)

  function add(uri: string): NamedList {
    const list = createNamedList(uri, locations, rules, environment, report)
    lists.set(uri, list)
    return list
  }

  function get(uri: string, neededUntil: number): NamedList {
    const list = lists.get(uri) ?? add(uri)
    if (list.neededUntil < neededUntil) list.neededUntil = neededUntil
    if (!list.isPolled) beginToPoll(list)
    return list
  }

  function beginToPoll(list: NamedList): void {
    list.isPolled = true
    list.polledAtMs = environment.elapsed()
    list.firstLoad = list.refresh().finally(() => {
      list.firstLoad = undefined
    })
  }

  /**
   * An issuer drops a list when no token that names it is alive: to ask for it still would look like an outage. What the list said
   * is kept for longer, because an aggregation or a clock that is wrong for a moment must not undo a revocation.
   */
  function putAsideUnneeded(): void {
    const now = environment.now() / 1000
    const announced = new Set(aggregation.uris())
    for (const [uri, list] of lists) {
      // One that was put aside comes back by `get`, which fetches it first.
      list.isPolled &&= announced.has(uri) || now < list.neededUntil + rules.clockTolerance
      if (list.isPolled) list.polledAtMs = environment.elapsed()
      else if (environment.elapsed() - list.polledAtMs > FORGET_AFTER_MS) lists.delete(uri)
    }
  }

  const polled = (): readonly NamedList[] => [...lists.values()].filter(({ isPolled }) => isPolled)

  return {
    isListUri: uri => lists.has(uri) || liesUnder(issuer, uri),
    get,
    async refresh() {
      await aggregation.refresh()
      for (const uri of aggregation.uris() ?? []) get(uri, 0)
      putAsideUnneeded()
      await Promise.all(polled().map(list => list.refresh()))
    },
    areLoaded: () => aggregation.uris()?.every(uri => lists.get(uri)?.value() !== undefined) === true,
    health: () => polled().map(list => list.health()),
    aggregationHealth: aggregation.health,
  }
}

function createNamedList(
  uri: string,
  locations: Locations,
  rules: ListRules,
  environment: Environment,
  report: Report,
): NamedList {
  const document = createPolledDocument<StatusList>(
    {
      name: 'status_list',
      accept: `application/${STATUS_LIST_TYPE}`,
      locate: async () => {
        const where = locations.of(uri)
        if (where === undefined) throw new Error('It does not lie under the issuer.')
        return where
      },
      read: body => readStatusList(body, uri, rules),
      confirm: held => assertCurrent(held, environment.now(), rules.clockTolerance),
      heedsAge: true,
    },
    environment,
    report,
  )
  return {
    ...document,
    uri,
    firstLoad: undefined,
    isPolled: false,
    polledAtMs: 0,
    neededUntil: 0,
    isReported: false,
  }
}

/** Which lists the issuer says it has. */
function createAggregation(
  issuer: string,
  metadata: Pick<MetadataSource, 'read'>,
  environment: Environment,
  report: Report,
) {
  /** Undefined until the metadata is there. */
  let isThere: boolean | undefined
  const document = createPolledDocument<readonly string[]>(
    {
      name: 'status_lists',
      accept: 'application/json',
      locate: async () => {
        const { aggregationUri } = await metadata.read()
        if (aggregationUri === undefined) throw new Error('The metadata names no aggregation any more.')
        return aggregationUri
      },
      read: body => readAggregation(body, issuer),
    },
    environment,
    report,
  )

  return {
    async refresh(): Promise<void> {
      // A failure is reported by the keys, which need the metadata too.
      const found = await metadata.read().catch(() => undefined)
      if (found === undefined) return
      isThere = found.aggregationUri !== undefined
      if (isThere) await document.refresh()
    },
    /** Undefined until that is known. */
    uris: (): readonly string[] | undefined => (isThere === false ? [] : document.value()),
    health: () => (isThere ? document.health() : undefined),
  }
}

function readAggregation(body: Uint8Array, issuer: string): readonly string[] {
  const { status_lists: uris } = parseJsonObject(body)
  if (!Array.isArray(uris) || !uris.every(uri => typeof uri === 'string')) throw new Error('It has no status_lists.')
  if (uris.length > MAX_LISTS) throw new Error(`It names more than ${MAX_LISTS} lists.`)
  // No token can name the others.
  return uris.filter(uri => liesUnder(issuer, uri))
}
