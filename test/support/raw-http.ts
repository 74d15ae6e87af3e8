/** Speaks HTTP over a bare socket, for what no client library would send. */
import { connect } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** Names in lower case; of a header that came twice, both values, joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

const END_OF_HEAD = '\r\n\r\n'

function headersOf(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return headers
}

/** The first final response in what was received, or undefined when more of it is to come. */
function finalAnswer(received: string, method: string): RawAnswer | undefined {
  const endOfHead = received.indexOf(END_OF_HEAD)
  if (endOfHead === -1) return undefined
  const [statusLine = '', ...lines] = received.slice(0, endOfHead).split('\r\n')
  const rest = received.slice(endOfHead + END_OF_HEAD.length)
  const status = Number(statusLine.split(' ')[1])
  if (status < 200) return finalAnswer(rest, method)
  const headers = headersOf(lines)
  const length = method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0)
  if (rest.length < length) return undefined
  return { status, headers, text: Buffer.from(rest.slice(0, length), 'latin1').toString() }
}

/** A connection on which bytes are sent by hand. It never closes its own side by itself. */
export async function open(url: string) {
  const { port, hostname } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  const ended = new Promise<void>(resolve => socket.once('end', () => resolve()).once('close', () => resolve()))
  let received = ''
  socket.setEncoding('latin1').on('data', chunk => {
    received += chunk
  })
  // A reset is an end like any other: what counts is what came before it.
  socket.on('error', () => {})
  await new Promise(resolve => socket.once('connect', resolve))

  return {
    send: (bytes: string | Buffer) => void socket.write(bytes),
    /** Everything that came so far, one character a byte. */
    received: () => received,
    /** Resolves when more of it has come. */
    more: () => new Promise<void>(resolve => socket.once('data', () => resolve())),
    /** The response to a request of this method. @throws when the connection ends without one */
    answer: (method = 'GET') =>
      new Promise<RawAnswer>((resolve, reject) => {
        const look = () => {
          const answer = finalAnswer(received, method)
          if (answer !== undefined) resolve(answer)
        }
        const giveUp = () => reject(new Error(`The connection ended without a response: ${received}`))
        socket.on('data', look).on('end', giveUp).on('close', giveUp)
        look()
      }),
    /** Resolves when the other side sends no more. */
    ended,
    /** Resolves when the other side takes no more: a close is noticed by whoever goes on sending. */
    closed,
    drop: () => void socket.destroy(),
  }
}

/** Sends bytes on a connection of their own and answers the response to them. */
export async function exchange(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const connection = await open(url)
  connection.send(bytes)
  try {
    return await connection.answer(String(bytes).split(' ')[0])
  } finally {
    connection.drop()
  }
}
