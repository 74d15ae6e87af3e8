/** What every request must keep to, and what every response says, whatever the route. */
import { finished } from 'node:stream/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpError, refusal } from './error-handler.ts'

/** For how long a caller may go on sending after a refusal. */
const LINGER_MS = 1000

/** Node takes the first of these and drops the rest; a proxy in front may take the last. */
const ONCE = new Set(['host', 'content-type', 'content-length', 'authorization', 'origin'])

/** What follows on a connection that is used like this can't be trusted to be read as it was meant (RFC 9112 §3.2, §11.2). */
const malformed = (description: string): HttpError =>
  new HttpError({ ...refusal(400, description), headers: { connection: 'close' } })

function headerProblem({ raw }: FastifyRequest): string | undefined {
  const seen = new Set<string>()
  for (let index = 0; index < raw.rawHeaders.length; index += 2) {
    const name = (raw.rawHeaders[index] ?? '').toLowerCase()
    if (!ONCE.has(name)) continue
    if (seen.has(name)) return 'A header that may be sent once is sent twice.'
    seen.add(name)
  }
  // RFC 9112 §3.2
  return !seen.has('host') && raw.httpVersion === '1.1' ? 'The Host header is missing.' : undefined
}

/** What every response says. */
export function sayAlways(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-content-type-options', 'nosniff').header('x-request-id', request.id)
}

/** Closed with bytes unread, a connection is reset, and the response may be lost on its way (RFC 9112 §9.6). */
async function drain({ raw }: FastifyRequest): Promise<void> {
  raw.resume()
  await finished(raw, { signal: AbortSignal.timeout(LINGER_MS) }).catch(() => {})
}

export function applyWireRules(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    sayAlways(request, reply)
    const problem = headerProblem(request)
    if (problem === undefined) return done()
    drain(request).then(() => done(malformed(problem)), done)
  })
}
