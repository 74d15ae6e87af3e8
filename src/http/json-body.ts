/** Bodies of Signet's own API that are JSON (RFC 8259), where the rest of the service takes forms. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { invalidRequest } from '../oauth/oauth-error.ts'
import { charsetOf } from './charset.ts'
import { HttpError, invalidFields, refusal } from './error-handler.ts'
import { createSchemaCheck, type ObjectSchema } from './schema-check.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is JSON, and no form. */
    readonly takesJson?: boolean
  }
}

/** RFC 7396 §4 for a change; whoever says that it is JSON means the same. */
const JSON_TYPE = /^application\/(?:merge-patch\+)?json[ \t]*(?:;|$)/i
export const isJson = (contentType: string): boolean => JSON_TYPE.test(contentType)

/** For `consumes` of a change. */
export const patchTypes = ['application/merge-patch+json', 'application/json']

const UNSUPPORTED = refusal(415, 'The body must be application/json or application/merge-patch+json in UTF-8.')

/** Only the text is read here: who asks, and whether that is allowed, is looked at before what is in it. */
export function registerJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'string' }, async ({ headers }: FastifyRequest, body: string) => {
    const { 'content-type': contentType = '', 'content-encoding': encoding = 'identity' } = headers
    if (charsetOf(contentType) !== 'utf-8' || encoding.toLowerCase() !== 'identity') throw new HttpError(UNSUPPORTED)
    return body
  })
  app.addContentTypeParser('*', { parseAs: 'string' }, async (_request: FastifyRequest, body: string) => {
    if (body !== '') throw new HttpError(UNSUPPORTED)
  })
}

/** @throws OAuthError invalid_request */
function parse(text: unknown): unknown {
  // Bytes that are not UTF-8 arrive as the replacement character.
  if (typeof text !== 'string' || text.includes('\uFFFD')) throw invalidRequest('This needs a JSON object in UTF-8.')
  let hasNul = false
  try {
    const value = JSON.parse(text, (name, each) => {
      hasNul ||= name.includes('\0') || (typeof each === 'string' && each.includes('\0'))
      return each
    })
    // PostgreSQL takes none in a text.
    if (!hasNul) return value
  } catch {
    throw invalidRequest('The body is no JSON.')
  }
  throw invalidRequest('A text of the body has a NUL character.')
}

/**
 * Reads the body of a request whose members a schema describes; others are refused.
 * @param refused why a member that one could expect is not among them
 * @throws OAuthError invalid_request when it is no JSON object; HttpError 422 with every member that is wrong
 */
export function jsonBody<Body>(
  schema: ObjectSchema,
  refused?: Readonly<Record<string, string>>,
): (request: FastifyRequest) => Body {
  const check = createSchemaCheck(schema, refused)
  return ({ body }) => {
    const value = parse(body)
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalidRequest('The body is no JSON object.')
    const problems = check(value)
    if (problems.length > 0) throw invalidFields(problems)
    return value as Body
  }
}
