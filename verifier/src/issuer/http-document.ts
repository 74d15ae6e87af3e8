/** One GET of what an issuer publishes. */
import { fetchLimited, readBody } from './limited-fetch.ts'

export interface HttpAnswer {
  /** Undefined when the version at hand is still the newest. */
  readonly body: Uint8Array | undefined
  readonly etag: string | undefined
  /** How long ago it was true, or confirmed, for who answers (`Age`, RFC 9111 §5.1); undefined when the answer does not say. */
  readonly ageMs: number | undefined
}

/**
 * GET of a document that may not have changed since (RFC 9110 §13.1.2), with limits on all that another side could stretch.
 * @param known the ETag of the version at hand
 * @throws Error that says what is wrong; redirects are not followed
 */
export async function getDocument(
  send: typeof fetch,
  uri: string,
  { accept, known }: { readonly accept: string; readonly known: string | undefined },
): Promise<HttpAnswer> {
  const response = await fetchLimited(send, uri, {
    // Caches on the way must ask the origin (RFC 9111 §5.2.1.4).
    headers: { accept, 'cache-control': 'no-cache', ...(known !== undefined && { 'if-none-match': known }) },
  })
  const etag = response.headers.get('etag') ?? undefined
  const ageMs = readAge(response.headers.get('age'))
  if (response.status === 200) return { body: await readBody(response), etag, ageMs }
  // So that the connection is free again.
  await response.body?.cancel()
  if (response.status === 304 && known !== undefined) return { body: undefined, etag, ageMs }
  throw new Error(`It answers ${response.status}.`)
}

/** Of several the first counts, and what is no number does not (RFC 9111 §5.1). */
function readAge(header: string | null): number | undefined {
  const seconds = /^\d+/.exec(header ?? '')?.[0]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
