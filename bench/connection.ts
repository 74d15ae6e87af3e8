/** One HTTP connection that is kept open; a hand-made client, so that the load costs little beside what it measures. */
import { connect } from 'node:net'

export interface Answer {
  readonly status: number
  /** The status line and the headers as they came. */
  readonly head: string
  readonly body: string
}

export interface Connection {
  /**
   * Posts a form, one request at a time.
   * @param headers lines, each with its end
   * @throws ConnectionLost when the connection ends without an answer, or none comes
   */
  post(path: string, form: string, headers?: string): Promise<Answer>
  get(path: string, headers?: string): Promise<Answer>
  close(): void
}

export class ConnectionLost extends Error {}

/** Longer than any request may take, so that nobody waits for ever for a service that hangs. */
const LONGEST_ANSWER_MS = 60_000

/** The answer at the beginning of what was received; undefined when more has to come. */
export function answerIn(received: string): Answer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = received.slice(0, end)
  const status = Number(head.slice(9, 12))
  const length = status === 304 ? 0 : Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  const body = received.slice(end + 4)
  return body.length < length ? undefined : { status, head, body }
}

/**
 * @param localAddress of the loopback network, where the connection is to seem to come from
 * @throws ConnectionLost when nobody listens
 */
export function openConnection(port: number, localAddress = '127.0.0.1'): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', localAddress }).setNoDelay(true)
  let received = ''
  let lost = false
  let waiting: PromiseWithResolvers<Answer> | undefined
  const opened = Promise.withResolvers<Connection>()

  socket.setEncoding('latin1').on('data', chunk => {
    received += chunk
    const answer = answerIn(received)
    if (answer === undefined) return
    received = ''
    waiting?.resolve(answer)
    waiting = undefined
  })
  socket.setTimeout(LONGEST_ANSWER_MS, () => (socket.connecting || waiting) && socket.destroy())
  // What counts is that it is closed, not how.
  socket.on('error', () => {})
  socket.on('close', () => {
    lost = true
    const error = new ConnectionLost('The connection ended without an answer.')
    opened.reject(error)
    waiting?.reject(error)
  })

  function send(request: string): Promise<Answer> {
    if (lost) return Promise.reject(new ConnectionLost('The connection is closed.'))
    waiting = Promise.withResolvers()
    socket.write(request)
    return waiting.promise
  }

  const formType = 'Content-Type: application/x-www-form-urlencoded'
  socket.once('connect', () =>
    opened.resolve({
      post: (path, form, headers = '') =>
        send(
          `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}${formType}\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
        ),
      get: (path, headers = '') => send(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`),
      close: () => void socket.destroy(),
    }),
  )
  return opened.promise
}

/** @param head of a 429 or a 503 */
export const retryAfterMs = (head: string) => Number(/^retry-after: (\d+)/im.exec(head)?.[1] ?? 1) * 1000
