/** Documents that have a version (RFC 9110 §8.8.3), and who holds which. */
import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** A strong entity tag: it changes with the body. */
const entityTag = (body: string): string => `"${hash('sha256', body, 'base64url')}"`

/** Of the documents that are sent again and again, so that each is hashed once. */
const tags = new WeakMap<object, string>()

/** @param document another object when its body is another */
export function entityTagOf(document: { readonly body: string }): string {
  const known = tags.get(document) ?? entityTag(document.body)
  tags.set(document, known)
  return known
}

/** Whether the caller holds this version already (RFC 9110 §13.1.2, weak comparison). */
function holds(ifNoneMatch: string | undefined, etag: string): boolean {
  const candidates = (ifNoneMatch ?? '').split(',').map(tag => tag.trim().replace(/^W\//, ''))
  return candidates.includes(etag) || candidates.includes('*')
}

/** Sends a document that has a version, or 304 to whoever holds that version. */
export function sendVersioned(
  request: FastifyRequest,
  reply: FastifyReply,
  document: {
    readonly body: string | Buffer
    readonly etag: string
    readonly type: string
    readonly cacheControl: string
  },
): FastifyReply {
  reply.header('etag', document.etag).header('cache-control', document.cacheControl)
  if (holds(request.headers['if-none-match'], document.etag)) return reply.code(304).send()
  return reply.type(document.type).send(document.body)
}

/** Whether the caller takes gzip, named and with a weight above nothing (RFC 9110 §12.5.3). */
export function acceptsGzip({ headers }: FastifyRequest): boolean {
  const accepted = String(headers['accept-encoding'] ?? '').split(',')
  return accepted.some(each => {
    const [coding = '', ...parameters] = each.split(';').map(part => part.trim().toLowerCase())
    const weight = parameters.find(parameter => parameter.startsWith('q='))
    return coding === 'gzip' && (weight === undefined || Number(weight.slice(2)) > 0)
  })
}
