/**
 * The Status List Tokens (draft-ietf-oauth-status-list §5, §8) as verifiers get them: kept in memory, and made anew only when the
 * list's revision, the signing key or the minute is another. Whoever asks waits for a look at the revisions that began after the
 * question, so that what was revoked before, by whichever process, is shown; all who ask meanwhile share it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Clock } from '../../clock.ts'
import type { Signer } from '../../records/signing-key.ts'
import type { SeenStatusList, StatusListReader } from '../../records/status-list.ts'
import { type Readers, type Snapshot, StorageUnavailable } from '../../records/unit-of-work.ts'
import { encodeStatusList, issuedAtOf, STATUS_LIST_LIFETIME, statusListClaims, statusListUri } from './encoding.ts'
import { shared, within } from './sharing.ts'

/** The same object as long as it is the same document. */
export interface PublishedDocument {
  readonly body: string
  readonly gzipped?: Buffer
}

export interface Published {
  readonly document: PublishedDocument
  /** How long ago it is known to have been true, in whole seconds, at least one; undefined when the database was asked for this answer. */
  readonly ageSeconds: number | undefined
}

export interface StatusListPublisher {
  /**
   * The document of a list; undefined when there is no such list.
   * @throws StorageUnavailable when the database does not answer and no document is at hand
   */
  find(listId: string): Promise<Published | undefined>
  /** The aggregation (§9.3): where the lists are that tokens point to. @throws StorageUnavailable as `find` */
  aggregate(): Promise<Published>
}

/** Between the starts of two documents of one list: five a second, however much is revoked. */
const INTERVAL_MS = 200
/** Nobody waits longer for the database before what is at hand is served. */
const LONGEST_WAIT_MS = 1000
/** Indices that are read in one turn of the event loop. */
const PAGE = 5000

/** By the clock, and by one that nobody sets, which stands still while a machine sleeps. */
interface Instant {
  readonly clockMs: number
  readonly elapsedMs: number
}

interface Look {
  readonly begunAt: Instant
  readonly lists: ReadonlyMap<string, SeenStatusList>
}

interface Made extends PublishedDocument {
  readonly claims: object
  readonly revision: number
  /** Seconds. */
  readonly iat: number
  readonly kid: string
}

/** What is at hand, and when a look began that found it true. */
interface Held<D extends PublishedDocument> {
  readonly document: D
  readonly trueAt: Instant
}

interface Entry {
  held: Held<Made> | undefined
  /** Makes a document that is begun after the call. */
  readonly makeNext: () => Promise<void>
}

export function createStatusListPublisher(dependencies: {
  readonly issuer: string
  readonly statusLists: StatusListReader
  readonly snapshot: Snapshot
  readonly activeSigner: () => Signer
  /** Signs the claims of a list under its `typ`. */
  readonly sign: (signer: Signer, claims: object) => Promise<string>
  readonly clock: Clock
}): StatusListPublisher {
  const { issuer, statusLists, snapshot, activeSigner, sign, clock } = dependencies
  const entries = new Map<string, Entry>()
  let aggregation: Held<PublishedDocument> | undefined

  const instant = (): Instant => ({ clockMs: clock.now(), elapsedMs: performance.now() })

  const look = shared(async (): Promise<Look> => {
    const begunAt = instant()
    const lists = new Map((await statusLists.list()).map(list => [list.id, list]))
    for (const id of entries.keys()) if (!lists.has(id)) entries.delete(id)
    return { begunAt, lists }
  })

  async function make(listId: string): Promise<Held<Made> | undefined> {
    const [signer, trueAt] = [activeSigner(), instant()]
    const read = await snapshot(readers => readList(readers, listId))
    if (read === undefined) return undefined
    const { list, indices } = read
    const iat = issuedAtOf(list)
    const lst = await encodeStatusList(indices, list.size)
    const claims = statusListClaims(issuer, listId, iat, lst)
    return { document: await signed(signer, { claims, iat, revision: list.revision }), trueAt }
  }

  async function signed(signer: Signer, what: Pick<Made, 'claims' | 'iat' | 'revision'>): Promise<Made> {
    const body = await sign(signer, what.claims)
    return { ...what, body, gzipped: await promisify(gzip)(body), kid: signer.kid }
  }

  function entryOf(listId: string): Entry {
    const known = entries.get(listId)
    if (known !== undefined) return known
    const remake = async () => {
      entry.held = await make(listId)
    }
    const entry: Entry = { held: undefined, makeNext: shared(remake, INTERVAL_MS) }
    entries.set(listId, entry)
    return entry
  }

  const shows = ({ document: { revision, iat, kid } }: Held<Made>, list: SeenStatusList): boolean =>
    revision === list.revision && iat === issuedAtOf(list) && kid === activeSigner().kid

  async function current(listId: string): Promise<PublishedDocument | undefined> {
    const { begunAt, lists } = await look()
    const list = lists.get(listId)
    if (list === undefined) return undefined
    const entry = entryOf(listId)
    if (entry.held !== undefined && shows(entry.held, list)) {
      entry.held = { ...entry.held, trueAt: begunAt }
      return entry.held.document
    }
    await entry.makeNext()
    // It was begun before the signing key changed: a key that left the JWKS must not have signed what is answered after that.
    if (entry.held !== undefined && entry.held.document.kid !== activeSigner().kid) await entry.makeNext()
    return entry.held?.document
  }

  async function currentAggregation(): Promise<PublishedDocument> {
    const { begunAt, lists } = await look()
    const body = JSON.stringify({ status_lists: [...lists.keys()].map(id => statusListUri(issuer, id)) })
    const document = aggregation?.document.body === body ? aggregation.document : { body }
    aggregation = { document, trueAt: begunAt }
    return document
  }

  /** RFC 9111 §4.2.3: rounded up, so that nothing counts as truer than it is. */
  function ageOf({ clockMs, elapsedMs }: Instant): number {
    const { clockMs: nowMs, elapsedMs: nowElapsedMs } = instant()
    return Math.max(Math.ceil(Math.max(nowMs - clockMs, nowElapsedMs - elapsedMs) / 1000), 1)
  }

  const inTime = <T>(asked: Promise<T>): Promise<T> =>
    within(LONGEST_WAIT_MS, asked, () => new StorageUnavailable('The database does not tell in time what is revoked.'))

  function afterFailure<D extends PublishedDocument>(error: unknown, held: Held<D> | undefined): Published {
    if (held === undefined || !(error instanceof StorageUnavailable)) throw error
    return { document: held.document, ageSeconds: ageOf(held.trueAt) }
  }

  /** Undefined when it expired. What a key signed that signs no more, and may have left the JWKS, is signed anew: it is as true as before. */
  async function usable(held: Held<Made> | undefined): Promise<Held<Made> | undefined> {
    if (held === undefined || clock.now() / 1000 >= held.document.iat + STATUS_LIST_LIFETIME) return undefined
    const signer = activeSigner()
    return held.document.kid === signer.kid ? held : { ...held, document: await signed(signer, held.document) }
  }

  return {
    async find(listId) {
      try {
        const document = await inTime(current(listId))
        return document && { document, ageSeconds: undefined }
      } catch (error) {
        const entry = entries.get(listId)
        const held = await usable(entry?.held).catch(() => undefined)
        if (entry !== undefined && held !== undefined) entry.held = held
        return afterFailure(error, held)
      }
    },

    async aggregate() {
      try {
        return { document: await inTime(currentAggregation()), ageSeconds: undefined }
      } catch (error) {
        return afterFailure(error, aggregation)
      }
    },
  }
}

/** By pages, with a turn of the event loop between them: there may be a million. */
async function readList({ statusLists, revocations }: Readers, listId: string) {
  const list = (await statusLists.list()).find(({ id }) => id === listId)
  if (list === undefined) return undefined
  const indices: number[] = []
  for (;;) {
    const page = await revocations.listIndices(listId, indices.at(-1) ?? -1, PAGE)
    for (const index of page) indices.push(index)
    if (page.length < PAGE) return { list, indices }
    await nextTurn()
  }
}
