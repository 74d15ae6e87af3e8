/** What every request must keep to, and what every response says, whatever the route. */
import type { IncomingMessage } from 'node:http'
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

function isDoubled({ rawHeaders }: IncomingMessage): boolean {
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    if (!ONCE.has(name)) continue
    if (seen.has(name)) return true
    seen.add(name)
  }
  return false
}

function headerProblem({ raw }: FastifyRequest): string | undefined {
  // As many names as lines: none was sent twice.
  const isEachNew = Object.keys(raw.headers).length * 2 === raw.rawHeaders.length
  if (!isEachNew && isDoubled(raw)) return 'A header that may be sent once is sent twice.'
  // RFC 9112 §3.2
  return raw.headers.host === undefined && raw.httpVersion === '1.1' ? 'The Host header is missing.' : undefined
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
