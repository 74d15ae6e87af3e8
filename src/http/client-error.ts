/** What Node's parser refuses never reaches a route; it is answered in the same shape, and the connection is closed. */
import type { Socket } from 'node:net'
import { errorBody, type WireError } from './error-handler.ts'

const refusals: Readonly<Record<string, WireError>> = {
  HPE_HEADER_OVERFLOW: { status: 431, error: 'invalid_request', description: 'The headers are larger than 16 KiB.' },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    error: 'invalid_request',
    description: 'The request took too long to arrive.',
  },
}
const malformed: WireError = { status: 400, error: 'invalid_request', description: 'The request is not HTTP/1.1.' }

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

export function handleClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const wire = refusals[error.code ?? ''] ?? malformed
  const body = JSON.stringify(errorBody(wire))
  const head = [
    `HTTP/1.1 ${wire.status} ${reasons[wire.status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
