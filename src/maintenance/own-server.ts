/**
 * Whether a server runs here, asked on the management port that is configured. That none answers is no fault: it may run on another
 * machine, in a container, or with other settings than whoever asks. The database has no sign of life that could be asked instead.
 */
import { get, type IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

/** Where whoever listens on all addresses is reached. */
const loopbacks: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** No proxy of the environment is asked. */
const ask = (host: string, port: number, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get({ host, port, path: '/livez', agent: false, signal }, resolve).once('error', reject)
  })

function reasonOf(error: NodeJS.ErrnoException, patienceMs: number): string {
  return error.name === 'AbortError' ? `no answer within ${patienceMs / 1000} s` : String(error.code ?? error.message)
}

/** What an operator should know. @param listens the host on which the management port listens */
export async function lookForServer(listens: string, port: number, patienceMs = 1000): Promise<string> {
  const host = loopbacks[listens] ?? listens
  const place = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  try {
    const answer = await ask(host, port, AbortSignal.timeout(patienceMs))
    answer.destroy()
    const isOurs = answer.statusCode === 200 && /^application\/json\b/.test(answer.headers['content-type'] ?? '')
    if (isOurs) return `A server answers at ${place}.`
    return `What answers at ${place} is no Signet (status ${answer.statusCode}).`
  } catch (error) {
    return `No server answers at ${place} (${reasonOf(error as NodeJS.ErrnoException, patienceMs)}). Other machines were not asked.`
  }
}
