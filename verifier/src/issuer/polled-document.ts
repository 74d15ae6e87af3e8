/** A document that is fetched again and again, and of which the last good version is kept. */
import type { Environment, Report } from '../environment.ts'

export interface DocumentHealth {
  /** Undefined until it is known where the document lies. */
  readonly uri: string | undefined
  /** Seconds since the kept version was last known to be the newest; undefined when there is none. */
  readonly ageSeconds: number | undefined
  /** Why the last try failed. */
  readonly problem: string | undefined
}

export interface PolledDocument<Value> {
  /** What the newest good version says. */
  readonly value: () => Value | undefined
  /** Milliseconds since the kept version was last known to be the newest; infinite when there is none. */
  readonly ageMs: () => number
  readonly isRefreshing: () => boolean
  /** One at a time: who comes later waits for the one under way. Never rejects, because a failure is an outage and is reported. */
  readonly refresh: () => Promise<void>
  readonly health: () => DocumentHealth
}

export interface DocumentSource<Value> {
  readonly name: string
  readonly accept: string
  /** @throws when it can't be found out */
  readonly locate: () => Promise<string>
  /** @throws when the body is not to be used */
  readonly read: (body: Uint8Array, held: Value | undefined) => Value | Promise<Value>
  /** @throws when what is held is not to be used any longer, although there is nothing newer */
  readonly confirm?: (held: Value) => void
}

/** In milliseconds, by each of the clocks. */
interface Moment {
  readonly now: number
  readonly elapsed: number
}

export function createPolledDocument<Value>(
  { name, accept, locate, read, confirm = () => undefined }: DocumentSource<Value>,
  { fetch, now, elapsed }: Pick<Environment, 'fetch' | 'now' | 'elapsed'>,
  report: Report,
): PolledDocument<Value> {
  let held: { readonly value: Value; readonly etag: string | undefined } | undefined
  let confirmedAt: Moment | undefined
  let uri: string | undefined
  let problem: string | undefined
  let underWay: Promise<void> | undefined

  async function fetchNewest(): Promise<void> {
    uri = await locate()
    // After a failure the whole document is asked for: it may be the 304 that is wrong, or something that refuses conditions.
    const known = problem === undefined ? held?.etag : undefined
    const answer = await getDocument(fetch, uri, { accept, known })
    if (answer !== undefined) held = { value: await read(answer.body, held?.value), etag: answer.etag }
    else if (held !== undefined) confirm(held.value)
  }

  async function refreshOnce(): Promise<void> {
    // What the other side says was true at some time after this.
    const beganAt = { now: now(), elapsed: elapsed() }
    try {
      await fetchNewest()
      confirmedAt = beganAt
      if (problem !== undefined) report({ type: 'recovery', document: name, uri })
      problem = undefined
    } catch (error) {
      const before = problem
      problem = messageOf(error)
      if (problem !== before) report({ type: 'outage', document: name, uri, problem })
    }
  }

  /** By both clocks, as one of them may stand still while the machine sleeps, and the other may be set back. */
  function ageMs(): number {
    if (confirmedAt === undefined) return Number.POSITIVE_INFINITY
    return Math.max(elapsed() - confirmedAt.elapsed, now() - confirmedAt.now)
  }

  return {
    value: () => held?.value,
    ageMs,
    isRefreshing: () => underWay !== undefined,
    refresh() {
      underWay ??= refreshOnce().finally(() => {
        underWay = undefined
      })
      return underWay
    },
    health: () => ({ uri, ageSeconds: held === undefined ? undefined : Math.round(ageMs()) / 1000, problem }),
  }
}

/** `fetch failed` alone says nothing: the reason is in the cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'It failed.'
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

const TIME_LIMIT_MS = 2_000
const SIZE_LIMIT = 1_000_000

interface HttpDocument {
  readonly body: Uint8Array
  readonly etag: string | undefined
}

/**
 * GET of a document that may not have changed since (RFC 9110 §13.1.2), with limits on all that another side could stretch.
 * @param known the ETag of the version at hand
 * @returns undefined when the version at hand is still the newest
 * @throws Error that says what is wrong; redirects are not followed
 */
async function getDocument(
  send: typeof fetch,
  uri: string,
  { accept, known }: { readonly accept: string; readonly known: string | undefined },
): Promise<HttpDocument | undefined> {
  const response = await send(uri, {
    // Caches on the way must ask the origin (RFC 9111 §5.2.1.4).
    headers: { accept, 'cache-control': 'no-cache', ...(known !== undefined && { 'if-none-match': known }) },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  })
  if (response.status === 200) {
    return { body: await readBody(response), etag: response.headers.get('etag') ?? undefined }
  }
  // So that the connection is free again.
  await response.body?.cancel()
  if (response.status === 304 && known !== undefined) return undefined
  throw new Error(`It answers ${response.status}.`)
}

async function readBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > SIZE_LIMIT) throw new Error(`It has more than ${SIZE_LIMIT} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
