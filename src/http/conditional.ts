import type { FastifyReply, FastifyRequest } from 'fastify'

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

/** Whether the caller takes gzip, named with a weight above nothing (RFC 9110 §12.5.3). */
export const acceptsGzip = ({ headers }: FastifyRequest): boolean =>
  /(?:^|,)\s*gzip\s*(?:;\s*q\s*=\s*(?:1|0\.\d*[1-9]\d*)[\d.]*\s*)?(?:,|$)/i.test(
    String(headers['accept-encoding'] ?? ''),
  )
