/** What every request must keep to, and what every response says, whatever the route. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { badRequest, type HttpError } from './error-handler.ts'

/** Node takes the first of these and drops the rest; a proxy in front may take the last. */
const ONCE = new Set(['host', 'content-type', 'content-length', 'authorization', 'origin'])

/** What follows on a connection that is used like this can't be trusted to be read as it was meant (RFC 9112 §3.2, §11.2). */
const malformed = (description: string): HttpError => badRequest(description, { connection: 'close' })

function assertHeadersOnce({ raw }: FastifyRequest): void {
  const seen = new Set<string>()
  for (let index = 0; index < raw.rawHeaders.length; index += 2) {
    const name = (raw.rawHeaders[index] ?? '').toLowerCase()
    if (!ONCE.has(name)) continue
    if (seen.has(name)) throw malformed('A header that may be sent once is sent twice.')
    seen.add(name)
  }
  // RFC 9112 §3.2
  if (!seen.has('host') && raw.httpVersion === '1.1') throw malformed('The Host header is missing.')
}

/** What every response says. */
export function sayAlways(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-content-type-options', 'nosniff').header('x-request-id', request.id)
}

export function applyWireRules(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    sayAlways(request, reply)
    assertHeadersOnce(request)
    done()
  })
}
