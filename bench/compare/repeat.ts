/**
 * One connection on which the same request is sent again and again. It has no promise a request and reads into one buffer: what
 * answers 25,000 requests a second must not wait for what asks.
 */
import { connect } from 'node:net'
import { answerIn } from '../connection.ts'
import type { Lap } from './window.ts'

const BUFFER_BYTES = 65_536

export function repeat(port: number, request: Buffer, lap: Lap): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let received = ''
  let sent = 0
  let isOver = false

  function send(): void {
    sent = performance.now()
    socket.write(request)
  }

  function take(bytes: number, buffer: Buffer): boolean {
    const chunk = buffer.toString('latin1', 0, bytes)
    received = received === '' ? chunk : received + chunk
    const answer = answerIn(received)
    if (answer === undefined) return true
    received = ''
    if (answer.status !== 200) socket.destroy(new Error(`${answer.status} ${answer.body}`))
    else if (lap(sent) !== undefined) send()
    else {
      isOver = true
      socket.destroy()
    }
    return true
  }

  const onread = {
    buffer: Buffer.allocUnsafe(BUFFER_BYTES),
    callback: (bytes: number, buffer: Uint8Array) => take(bytes, buffer as Buffer),
  }
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread }, send)
  socket.on('error', reject)
  socket.on('close', () => (isOver ? resolve() : reject(new Error('The connection ended without an answer.'))))
  return promise
}
