/**
 * The Status List Tokens (draft-ietf-oauth-status-list §5, §8) as verifiers get them: kept in memory, and made anew only when
 * something was revoked or cleared or when a document is a minute old. Whoever asks after a revocation was answered gets a document that
 * shows it; as long as many are revoked, the same new document answers all who wait for it.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Clock } from '../../clock.ts'
import type { Signer } from '../../records/signing-key.ts'
import type { RevocationReader, StatusListReader } from '../../records/status-list.ts'
import { encodeStatusList, STATUS_LIST_LIFETIME, statusListClaims, statusListUri } from './encoding.ts'
import { LIST_SIZE } from './index-allocation.ts'

export interface StatusListDocument {
  readonly body: string
  readonly gzipped: Buffer
}

export interface StatusListPublisher {
  /** The document of a list; undefined when there is no such list. */
  find(listId: string): Promise<StatusListDocument | undefined>
  /** Where the lists are that tokens point to. */
  uris(): readonly string[]
  /** To be told when revocations of this process are durable. */
  markChanged(listIds: Iterable<string>): void
  /** Asks the database what other processes have revoked, and which lists there are. */
  poll(): Promise<void>
}

/** Between the starts of two documents of one list: five a second, however much is revoked. */
const INTERVAL_MS = 200
/** Indices that are read in one turn of the event loop. */
const PAGE = 5000
/** A document is never served for longer: long before it expires. */
const RENEW_AFTER_MS = (STATUS_LIST_LIFETIME / 2) * 1000
/**
 * Verifiers take no document that is older than the one they hold. Where the clock was set back, or that of another instance is
 * behind, a document with news may be older: they take the one that is made after the clock has caught up.
 */
const REPEAT_AFTER_MS = 60_000

interface Made extends StatusListDocument {
  readonly revision: number
  readonly changes: number
  readonly readAtMs: number
  readonly kid: string
}

interface Entry {
  /** The newest revision that is known to be in the database. */
  revision: number
  /** How often this process has revoked: what was begun before the last time is out of date. */
  changes: number
  made: Made | undefined
  /** Makes a document that is begun after the call. */
  readonly makeNext: () => Promise<void>
}

export function createStatusListPublisher(dependencies: {
  readonly issuer: string
  readonly statusLists: StatusListReader
  readonly revocations: RevocationReader
  readonly activeSigner: () => Signer
  /** Signs the claims of a list under its `typ`. */
  readonly sign: (signer: Signer, claims: object) => Promise<string>
  readonly clock: Clock
}): StatusListPublisher {
  const { issuer, statusLists, revocations, activeSigner, sign, clock } = dependencies
  const entries = new Map<string, Entry>()
  let polling: Promise<void> | undefined

  async function readLists(): Promise<void> {
    const lists = await statusLists.list()
    for (const { id, revision } of lists) {
      const known = entries.get(id)
      if (known === undefined) entries.set(id, newEntry(id, revision))
      else known.revision = revision
    }
    const ids = new Set(lists.map(({ id }) => id))
    for (const id of entries.keys()) if (!ids.has(id)) entries.delete(id)
  }

  /** One at a time. */
  function poll(): Promise<void> {
    polling ??= readLists().finally(() => {
      polling = undefined
    })
    return polling
  }

  /** By pages, with a turn of the event loop between them: there may be a million. What changes meanwhile makes the next document. */
  async function readIndices(listId: string): Promise<readonly number[]> {
    const indices: number[] = []
    for (;;) {
      const page = await revocations.listIndices(listId, indices.at(-1) ?? -1, PAGE)
      for (const index of page) indices.push(index)
      if (page.length < PAGE) return indices
      await nextTurn()
    }
  }

  /** What was asked before this call is not enough: a list may have been opened since. */
  async function pollAgain(): Promise<void> {
    await polling?.catch(() => {})
    await poll()
  }

  async function make(listId: string, entry: Entry): Promise<Made> {
    const signer = activeSigner()
    const { changes } = entry
    const readAtMs = clock.now()
    await poll()
    // The revision is older than what is read here, or the same: at worst, one document too many is made.
    const { revision } = entry
    const lst = await encodeStatusList(await readIndices(listId), LIST_SIZE)
    const body = await sign(signer, statusListClaims(statusListUri(issuer, listId), lst, readAtMs))
    const gzipped = await promisify(gzip)(body)
    return {
      body,
      gzipped,
      revision,
      changes,
      readAtMs,
      kid: signer.kid,
    }
  }

  function newEntry(listId: string, revision: number): Entry {
    const remake = async () => {
      entry.made = await make(listId, entry)
    }
    const entry: Entry = {
      revision,
      changes: 0,
      made: undefined,

      makeNext: spaced(INTERVAL_MS, remake),
    }
    return entry
  }

  const isCurrent = ({ made, changes, revision }: Entry): boolean =>
    made !== undefined &&
    made.changes === changes &&
    made.revision === revision &&
    made.kid === activeSigner().kid &&
    // A document of the future, by a clock that was ahead, is accepted by nobody.
    made.readAtMs <= clock.now() &&
    clock.now() - made.readAtMs < RENEW_AFTER_MS

  const isFresh = ({ made }: Entry): boolean => made !== undefined && clock.now() - made.readAtMs < REPEAT_AFTER_MS

  return {
    async find(listId) {
      if (!entries.has(listId)) await pollAgain()
      const entry = entries.get(listId)
      if (entry === undefined) return undefined
      if (!isCurrent(entry)) await entry.makeNext()
      // Nobody waits for that: what is there says the same, and is good without a database.
      else if (!isFresh(entry)) void entry.makeNext().catch(() => undefined)
      // It was begun before the signing key changed: a key that left the JWKS must not have signed what is answered after that.
      if (entry.made?.kid !== activeSigner().kid) await entry.makeNext()
      return entry.made
    },

    uris: () => [...entries.keys()].map(listId => statusListUri(issuer, listId)),

    markChanged(listIds) {
      for (const listId of listIds) {
        const entry = entries.get(listId)
        if (entry !== undefined) entry.changes += 1
      }
    },

    poll,
  }
}

/**
 * Runs `make` never twice at a time and at most once in an interval, for all who wait for it together: each gets a result that was
 * begun after its call.
 * @param intervalMs between two beginnings, by a clock that nobody sets
 */
function spaced<T>(intervalMs: number, make: () => Promise<T>): () => Promise<T> {
  let begunAt = Number.NEGATIVE_INFINITY
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined

  async function afterTheLast(): Promise<T> {
    await running?.catch(() => {})
    const waitMs = begunAt + intervalMs - performance.now()
    if (waitMs > 0) await delay(waitMs)
    next = undefined
    begunAt = performance.now()
    running = make()
    return running
  }

  return () => {
    next ??= afterTheLast()
    return next
  }
}
