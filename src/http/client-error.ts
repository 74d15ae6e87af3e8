/** What Node's parser refuses never reaches a route; it is answered in the same shape, and the connection is closed. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { canonicalAddress } from '../records/network.ts'
import { errorBody, type WireError } from './error-handler.ts'

/** For how long a caller may go on sending after a refusal before the connection is gone. */
const LINGER_MS = 1000

const refusals: Readonly<Record<string, WireError>> = {
  HPE_HEADER_OVERFLOW: { status: 431, error: 'invalid_request', description: 'The headers are larger than 16 KiB.' },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    error: 'invalid_request',
    description: 'The request took too long to arrive.',
  },
}
const malformed: WireError = {
  status: 400,
  error: 'invalid_request',
  description: 'The request is not well-formed HTTP/1.1, or its method is unknown.',
}
const noTunnel: WireError = {
  status: 405,
  error: 'method_not_allowed',
  description: 'This is not a proxy.',
  headers: { Allow: '' },
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

export const createClientErrorHandler =
  (log: Logger) =>
  (error: Error & { code?: string }, socket: Socket): void => {
    // It was answered already: more of what was refused came in.
    if (socket.writableEnded) return
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const wire = refusals[error.code ?? ''] ?? malformed
    const address = canonicalAddress(socket.remoteAddress ?? '') ?? null
    log.info({ request_id: null, status: wire.status, address, outcome: wire.error }, 'request')
    answer(socket, wire)
  }

/** CONNECT asks for a tunnel, which Node hands over without a response. */
export function refuseTunnel(socket: Duplex): void {
  socket.on('error', () => socket.destroy())
  answer(socket.resume(), noTunnel)
}

function answer(socket: Duplex, wire: WireError): void {
  const body = JSON.stringify(errorBody(wire))
  const head = [
    `HTTP/1.1 ${wire.status} ${reasons[wire.status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
    ...Object.entries(wire.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ]
  // Closed with bytes unread, a connection is reset, and the response may be lost on its way (RFC 9112 §9.6).
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
