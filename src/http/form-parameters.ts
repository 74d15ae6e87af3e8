/** Reads application/x-www-form-urlencoded bodies strictly; every other media type, charset or encoding is 415. */
import formbody from '@fastify/formbody'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type FormParameters, parseForm } from '../oauth/form.ts'
import { invalidRequest } from '../oauth/oauth-error.ts'
import { HttpError, UNSUPPORTED } from './error-handler.ts'

/** Bytes that are not UTF-8 arrive as the replacement character, which a form would have percent-encoded. */
function parse(body: string): FormParameters {
  if (body.includes('\uFFFD')) throw invalidRequest('The body is not UTF-8.')
  return parseForm(body)
}

export async function registerFormParameters(app: FastifyInstance): Promise<void> {
  app.removeAllContentTypeParsers()
  await app.register(formbody, { parser: parse })
}

const charsetsOf = (contentType: string): readonly string[] =>
  [...contentType.matchAll(/;\s*charset\s*=\s*"?([^\s";]*)/gi)].map(([, name = '']) => name.toLowerCase())

/** For a route that takes a form: refuses what the parser would read wrongly, before it reads it. */
export function requireForm(request: FastifyRequest): void {
  const { 'content-type': contentType = '', 'content-encoding': encoding } = request.headers
  if (contentType.includes(';') && charsetsOf(contentType).some(charset => charset !== 'utf-8'))
    throw new HttpError(UNSUPPORTED)
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') throw new HttpError(UNSUPPORTED)
  if (request.url.includes('?')) throw invalidRequest('Parameters belong in the body, not in the query.')
}

/** The parameters of a request; a body that was not sent has none. */
export const formOf = (request: FastifyRequest): FormParameters => (request.body as FormParameters | undefined) ?? {}
