/** Reads application/x-www-form-urlencoded bodies strictly; every other media type, charset or encoding is 415. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type FormParameters, parseForm } from '../oauth/form.ts'
import { invalidRequest } from '../oauth/oauth-error.ts'
import { HttpError } from './error-handler.ts'

const unsupported = new HttpError({
  status: 415,
  error: 'invalid_request',
  description: 'The body must be application/x-www-form-urlencoded in UTF-8.',
})

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(body: Buffer): string {
  try {
    return utf8.decode(body)
  } catch {
    throw invalidRequest('The body is not UTF-8.')
  }
}

export function registerFormParameters(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => parseForm(decode(body)),
  )
}

/** For a route that takes a form: refuses what the parser would read wrongly, before it reads it. */
export async function requireForm(request: FastifyRequest): Promise<void> {
  const { 'content-type': contentType = '', 'content-encoding': encoding } = request.headers
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType)?.[1]
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') throw unsupported
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') throw unsupported
  if (request.url.includes('?')) throw invalidRequest('Parameters belong in the body, not in the query.')
}

/** The parameters of a request; a body that was not sent has none. */
export const formOf = (request: FastifyRequest): FormParameters => (request.body as FormParameters | undefined) ?? {}
