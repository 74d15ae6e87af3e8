/** The one way to fetch from elsewhere: keys and metadata of issuers. */
import { isLoopback, mayReach } from './addresses.ts'
import { createPlaces } from './places.ts'
import { fetchUriProblem } from './uri.ts'

/** Loaded when it is first needed: with it comes a second HTTP client of Node's, of which most services have no use. */
const client = () => import('./get.ts')

/** From the call to the last byte: the wait for a place and the resolution of the name are in it. */
const LONGEST_SECONDS = 2

/** A document of somebody else's, whole. @throws FetchFailed */
export type FetchDocument = (uri: string) => Promise<Uint8Array>

/**
 * Why it could not be had: a sentence for operators, at most 200 characters, printable, holding nothing of the answer's body. There is no
 * cause: that of a broken answer has its bytes.
 */
export class FetchFailed extends Error {
  constructor(reason: string) {
    const printable = reason.replace(/[^ -~]/g, '?')
    super(printable.length > 200 ? `${printable.slice(0, 197)}...` : printable)
    this.name = 'FetchFailed'
  }
}

/**
 * One for a process: it makes at most eight requests at once, and one at a time for a URI, whose callers share the answer.
 *
 * @param allowNetworks the loopback, private and shared networks that may be reached, CIDR with a length
 */
export function createFetchDocument({ allowNetworks }: { readonly allowNetworks: readonly string[] }): FetchDocument {
  const places = createPlaces()
  const underWay = new Map<string, Promise<Uint8Array>>()

  async function fetchOnce(uri: string): Promise<Uint8Array> {
    const problem = fetchUriProblem(uri, allowNetworks)
    if (problem !== undefined) throw new FetchFailed(problem)
    const url = new URL(uri)
    // A hosts file may call any address localhost.
    const may = (address: string) =>
      mayReach(address, allowNetworks) && (url.protocol === 'https:' || isLoopback(address))
    const signal = AbortSignal.timeout(LONGEST_SECONDS * 1000)
    try {
      return await places.run(url.host, async () => (await client()).getDocument(url, may, signal))
    } catch (error) {
      throw new FetchFailed(signal.aborted ? `It did not arrive whole within ${LONGEST_SECONDS} s.` : sentence(error))
    }
  }

  return uri => {
    const fetching = underWay.get(uri) ?? fetchOnce(uri).finally(() => underWay.delete(uri))
    underWay.set(uri, fetching)
    return fetching
  }
}

function sentence(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException
  // Where a name has several addresses, each has an error of its own, and the whole has a code only.
  return `The request failed: ${message || code}.`
}
