/** GET of a document that may not have changed since (RFC 9110 §13.1.2), with limits on all that another side could stretch. */

const TIME_LIMIT_MS = 2_000
const SIZE_LIMIT = 1_000_000

export interface HttpDocument {
  readonly body: Uint8Array
  readonly etag: string | undefined
}

/**
 * @param known the ETag of the version at hand
 * @returns undefined when the version at hand is still the newest
 * @throws Error that says what is wrong; redirects are not followed
 */
export async function getDocument(
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
