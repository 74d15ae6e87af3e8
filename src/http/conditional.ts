/** Public documents, sent from bytes that are ready: their versions (RFC 9110 §8.8.3), their codings, and who holds which. */
import { hash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Another object when its body is another. */
export interface PublicDocument {
  readonly body: string
  /** When it is not there, it is made where it saves something. */
  readonly gzipped?: Buffer
}

/** A document in one coding. Each coding is other bytes and has a strong entity tag of its own (RFC 9110 §8.8.3.3). */
interface Form {
  readonly bytes: Buffer
  readonly etag: string
  readonly coding: 'gzip' | undefined
}

interface Forms {
  readonly plain: Form
  readonly gzipped: Form | undefined
}

const made = new WeakMap<PublicDocument, Forms>()

function formsOf(document: PublicDocument): Forms {
  const known = made.get(document)
  if (known !== undefined) return known
  const bytes = Buffer.from(document.body)
  const gzipped = document.gzipped ?? gzipSync(bytes)
  const version = hash('sha256', bytes, 'base64url')
  const forms: Forms = {
    plain: { bytes, etag: `"${version}"`, coding: undefined },
    gzipped: gzipped.length < bytes.length ? { bytes: gzipped, etag: `"${version}-gzip"`, coding: 'gzip' } : undefined,
  }
  made.set(document, forms)
  return forms
}

/** Whether the caller holds this version already (RFC 9110 §13.1.2, weak comparison). */
export function holds(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  const candidates = ifNoneMatch.split(',').map(tag => tag.trim().replace(/^W\//, ''))
  return candidates.includes(etag) || candidates.includes('*')
}

/** Sends a document in the coding that the caller takes, or 304 to whoever holds that version. */
export function sendDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  document: PublicDocument,
  { type, cacheControl }: { readonly type: string; readonly cacheControl: string },
): FastifyReply {
  const { plain, gzipped } = formsOf(document)
  const { bytes, etag, coding } = gzipped !== undefined && acceptsGzip(request) ? gzipped : plain
  reply.headers({ etag, 'cache-control': cacheControl, vary: 'Accept-Encoding' })
  if (holds(request.headers['if-none-match'], etag)) return reply.code(304).send()
  if (coding !== undefined) reply.header('content-encoding', coding)
  return reply.header('content-type', type).send(bytes)
}

/** Whether the caller takes gzip, named and with a weight above nothing (RFC 9110 §12.5.3). */
function acceptsGzip({ headers }: FastifyRequest): boolean {
  const accepted = String(headers['accept-encoding'] ?? '').split(',')
  return accepted.some(each => {
    const [coding = '', ...parameters] = each.split(';').map(part => part.trim().toLowerCase())
    const weight = parameters.find(parameter => parameter.startsWith('q='))
    return coding === 'gzip' && (weight === undefined || Number(weight.slice(2)) > 0)
  })
}
