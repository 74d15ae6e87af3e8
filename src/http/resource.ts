/** Resources of Signet's own API: each is sent with an entity tag, the hash of its JSON, by which changes are kept apart (RFC 9110 §13). */
import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { holds } from './conditional.ts'
import { HttpError } from './error-handler.ts'

const etagOf = (representation: object): string => `"${hash('sha256', JSON.stringify(representation), 'base64url')}"`

/** Answers 304 to whoever holds what would be sent. */
export function sendResource(request: FastifyRequest, reply: FastifyReply, representation: object): FastifyReply {
  const etag = etagOf(representation)
  reply.header('etag', etag)
  if (request.method === 'GET' && holds(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.send(representation)
}

/**
 * @param location under the issuer, each part percent-encoded
 * @param resource as it is read from then on, where the answer tells more than that once
 */
export const sendCreated = (
  reply: FastifyReply,
  location: string,
  representation: object,
  resource = representation,
): FastifyReply =>
  reply
    .code(201)
    .headers({ location, etag: etagOf(resource) })
    .send(representation)

/** Of what is made in a list: under whatever path the issuer has. */
export const locationIn = ({ url }: FastifyRequest, name: string): string =>
  `${url.split('?')[0]}/${encodeURIComponent(name)}`

const preconditionFailed = (): HttpError =>
  new HttpError({
    status: 412,
    error: 'precondition_failed',
    description: 'It was changed since it was read. Read it again, and decide again.',
  })

/**
 * What an act is to find (RFC 9110 §13.1.1, strong comparison), to be asked inside its write; undefined where nothing was said.
 * @param describe as the resource is sent
 */
export function expectationOf<Resource>(
  { headers }: FastifyRequest,
  describe: (resource: Resource) => object,
): ((now: Resource) => void) | undefined {
  const ifMatch = headers['if-match']
  if (ifMatch === undefined) return undefined
  const expected = ifMatch.split(',').map(tag => tag.trim())
  return now => {
    if (!expected.includes('*') && !expected.includes(etagOf(describe(now)))) throw preconditionFailed()
  }
}

/** RFC 6585 §3, where what somebody else gave or took meanwhile would be undone unseen. @throws HttpError 428 */
export function assertConditional({ headers }: FastifyRequest): void {
  if (headers['if-match'] !== undefined) return
  throw new HttpError({
    status: 428,
    error: 'precondition_required',
    description: 'Say with If-Match which version is changed: the ETag of the last answer.',
  })
}
