/** One GET, with limits on all that another side could stretch: where it leads, and the size and the way of the answer. */
import { lookup } from 'node:dns'
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, get as plainGet } from 'node:http'
import { Agent, get } from 'node:https'
import type { LookupFunction } from 'node:net'

const MOST_BYTES = 1_000_000

const HEADERS = {
  accept: 'application/json, application/jwk-set+json',
  // A small answer could become a large one.
  'accept-encoding': 'identity',
  'user-agent': 'signet',
}

// Node's own would go through the proxy of the environment (NODE_USE_ENV_PROXY), which connects to what it likes.
const agents = { http: new PlainAgent({ keepAlive: false }), https: new Agent({ keepAlive: false }) }

/**
 * @param mayReach asked for every address that the host's name leads to; where the host is an address it was asked before
 * @param signal its end is the end of the request, and of the answer
 * @returns the body of a 200
 * @throws Error for anything else; its message is for operators
 */
export async function getDocument(
  url: URL,
  mayReach: (address: string) => boolean,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const options = { headers: HEADERS, lookup: lookupOf(mayReach), signal }
  let request: ClientRequest | undefined
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request =
        url.protocol === 'https:'
          ? get(url, { ...options, agent: agents.https, rejectUnauthorized: true }, resolve)
          : plainGet(url, { ...options, agent: agents.http }, resolve)
      request.on('error', reject)
      // After 101 Switching Protocols, which nobody asked for, Node closes without an error.
      request.on('close', () => reject(new Error('it ended without an answer')))
    })
    assertAcceptable(response)
    return await bodyOf(response)
  } finally {
    request?.destroy()
  }
}

/** The addresses that are connected to are those that were looked at: a name can't lead elsewhere a moment later (DNS rebinding). */
const lookupOf =
  (mayReach: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const within = error === null ? found.filter(({ address }) => mayReach(address)) : []
      const [first] = within
      if (error !== null) callback(error, '')
      else if (first === undefined) callback(new Error(noneOf(found.map(({ address }) => address))), '')
      else if (options.all) callback(null, within)
      else callback(null, first.address, first.family)
    })

const noneOf = (addresses: readonly string[]) =>
  `no address of the host is public, or in SIGNET_ALLOW_NETWORKS: ${addresses.join(', ')}`

function assertAcceptable({ statusCode = 0, headers }: IncomingMessage): void {
  if (statusCode >= 300 && statusCode < 400) throw new Error(`it answered with a redirect (${statusCode})`)
  if (statusCode !== 200) throw new Error(`it answered with status ${statusCode}`)
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity')
    throw new Error('its body has a content encoding, which was not asked for')
  if (Number(headers['content-length']) > MOST_BYTES) throw tooLarge()
}

async function bodyOf(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response) {
    size += chunk.length
    if (size > MOST_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const tooLarge = () => new Error(`it has more than ${MOST_BYTES} bytes`)
