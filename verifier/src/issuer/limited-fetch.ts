/** One request to an issuer, with limits on all that another side could stretch: the time, the size and the way of an answer. */

const TIME_LIMIT_MS = 2_000
const SIZE_LIMIT = 1_000_000

/** The time is that of the body, too. Redirects are answers like others: none is followed. */
export const fetchLimited = (send: typeof fetch, uri: string, init: RequestInit): Promise<Response> =>
  send(uri, { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIME_LIMIT_MS) })

/** @throws Error when there is too much of it, or no end */
export async function readBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > SIZE_LIMIT) throw new Error(`It has more than ${SIZE_LIMIT} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** `fetch failed` alone says nothing: the reason is in the cause. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'It failed.'
  if (!(error.cause instanceof Error)) return error.message
  // Where a name has several addresses, each has an error of its own, and the whole has a code only.
  const { message, code } = error.cause as NodeJS.ErrnoException
  return `${error.message}: ${message || code || error.cause.name}`
}
