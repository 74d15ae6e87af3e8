/**
 * Reads application/x-www-form-urlencoded bodies strictly; every other media type, charset or encoding is 415. Where there is no body it
 * does not matter what the header says of one.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type FormParameters, parseForm } from '../oauth/form.ts'
import { invalidRequest } from '../oauth/oauth-error.ts'
import { type Charset, charsetOf } from './charset.ts'
import { HttpError, UNSUPPORTED } from './error-handler.ts'
import { isJson } from './json-body.ts'

const FORM = 'application/x-www-form-urlencoded'
const isForm = (contentType: string): boolean => /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i.test(contentType)

export function registerFormParameters(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  // Fastify refuses what is no media type before it looks whether there is a body.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { config } = request.routeOptions
    const isExpected = config.takesJson === true ? isJson : isForm
    if (!isExpected(request.headers['content-type'] ?? '')) delete request.headers['content-type']
    done(null, payload)
  })
  app.addContentTypeParser(FORM, { parseAs: 'string' }, async ({ headers }: FastifyRequest, body: string) =>
    body === '' ? {} : read(body, headers),
  )
  app.addContentTypeParser('*', { parseAs: 'string' }, async (_request: FastifyRequest, body: string) => {
    if (body !== '') throw new HttpError(UNSUPPORTED)
  })
}

/** @throws HttpError 415, OAuthError invalid_request or invalid_target */
function read(body: string, headers: FastifyRequest['headers']): FormParameters {
  const { 'content-type': contentType = '', 'content-encoding': encoding = 'identity' } = headers
  const charset = charsetOf(contentType)
  if (charset === undefined || encoding.toLowerCase() !== 'identity') throw new HttpError(UNSUPPORTED)
  // Bytes that are not UTF-8 arrive as the replacement character, which a form would have percent-encoded.
  if (body.includes('\uFFFD')) throw invalidRequest('The body is not UTF-8.')
  const parameters = parseForm(body)
  assertIn(charset, parameters)
  return parameters
}

/** What lies beyond ASCII was perhaps written as this charset has it, and perhaps as UTF-8, as most do whatever they declare. */
function assertIn(charset: Charset, parameters: FormParameters): void {
  if (charset === 'utf-8') return
  const texts = Object.entries(parameters).flat()
  if (!texts.every(text => /^[\0-\x7F]*$/.test(text ?? ''))) throw new HttpError(UNSUPPORTED)
}

/** The parameters of a request; a body that was not sent has none. */
export const formOf = (request: FastifyRequest): FormParameters => (request.body as FormParameters | undefined) ?? {}
