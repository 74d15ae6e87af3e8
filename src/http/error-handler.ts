/** The one place in which an error becomes a response. Causes go to the log under the request id, never onto the wire. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { AccountError, type FieldProblem } from '../accounts/rules.ts'
import { isBasic } from '../oauth/client-authentication/basic-header.ts'
import { OAuthError, TemporarilyUnavailable } from '../oauth/oauth-error.ts'
import { TooManyWaiting } from '../passwords/hashing-lane.ts'
import { PasswordRefused } from '../passwords/passwords.ts'
import { TooManyAttempts } from '../records/counters.ts'
import { KeyError } from '../records/signing-key.ts'
import { StorageUnavailable } from '../records/unit-of-work.ts'
import { noteForLog } from './request-log.ts'
import { traceContextOf } from './trace-context.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What is wrong with the input is said member by member, and is 422; a new password is in the member of this name. */
    readonly tellsFields?: { readonly password?: string }
  }
}

export interface WireError {
  readonly status: number
  readonly error: string
  readonly description: string
  /** What is wrong with which member of the input. */
  readonly errors?: readonly FieldProblem[]
  readonly headers?: Readonly<Record<string, string>>
}

/** An error that HTTP itself calls for, where no RFC of the endpoint has a code. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly wire: WireError

  constructor(wire: WireError, options?: ErrorOptions) {
    super(wire.description, options)
    this.wire = wire
  }
}

export const notFound = (): HttpError =>
  new HttpError({ status: 404, error: 'not_found', description: 'There is nothing at this path.' })

/** `invalid_request` with another status code than RFC 6749 §5.2 gives it. */
export const refusal = (status: number, description: string): WireError => ({
  status,
  error: 'invalid_request',
  description,
})

/** What a form would show beside its fields. */
const unprocessable = (description: string, errors: readonly FieldProblem[]): WireError => ({
  ...refusal(422, description),
  errors,
})

export const invalidFields = (errors: readonly FieldProblem[]): HttpError =>
  new HttpError(unprocessable('Members of the body are wrong: see errors.', errors))

export const UNSUPPORTED = refusal(415, 'The body must be application/x-www-form-urlencoded in UTF-8.')

const tooLarge = ({ routeOptions }: FastifyRequest): WireError =>
  refusal(413, `The body is larger than ${(routeOptions.bodyLimit ?? 0) / 1024} KiB.`)

/** Fastify's own refusals. */
const frameworkErrors: Readonly<Record<string, WireError>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: UNSUPPORTED,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: refusal(400, 'The body is not as long as Content-Length says.'),
  FST_ERR_BAD_URL: refusal(400, 'The path is malformed.'),
}

export const unavailable = (retryAfterSeconds: number): WireError => ({
  status: 503,
  error: 'temporarily_unavailable',
  description: "The service can't do this at the moment. Try again after the time in Retry-After.",
  headers: { 'retry-after': String(retryAfterSeconds) },
})

const tooMany = ({ message, retryAfterSeconds }: TooManyAttempts): WireError => ({
  status: 429,
  error: 'too_many_requests',
  description: message,
  headers: { 'retry-after': String(retryAfterSeconds) },
})

/**
 * RFC 6749 §5.2: 401 names the scheme to authenticate with, which is a must where the client used the header. To a page that did not it
 * is 400: a browser may answer a challenge by asking the visitor for a password.
 */
function fromOAuth(error: OAuthError, { headers }: FastifyRequest): WireError {
  const wire = { status: error.status, error: error.code, description: error.message }
  if (error.code !== 'invalid_client') return wire
  if (headers.origin !== undefined && !isBasic(headers.authorization)) return { ...wire, status: 400 }
  return { ...wire, headers: { 'www-authenticate': 'Basic realm="signet", charset="UTF-8"' } }
}

/** Where users do themselves what operators do otherwise. */
const accountErrors: Readonly<Record<AccountError['code'], readonly [status: number, error: string]>> = {
  invalid: [400, 'invalid_request'],
  wrong_password: [400, 'invalid_grant'],
  wrong_ticket: [400, 'invalid_grant'],
  not_found: [404, 'not_found'],
  already_exists: [409, 'conflict'],
  beyond_scope: [400, 'invalid_scope'],
  beyond_audiences: [400, 'invalid_target'],
  limit_reached: [409, 'conflict'],
  too_many: [429, 'too_many_requests'],
  not_now: [503, 'temporarily_unavailable'],
  beyond_authority: [403, 'insufficient_scope'],
  conflict: [409, 'conflict'],
}

function fromAccount({ code, message, retryAfterSeconds, problems }: AccountError, request: FastifyRequest): WireError {
  if (code === 'invalid' && request.routeOptions?.config?.tellsFields) return unprocessable(message, problems)
  const [status, error] = accountErrors[code]
  const wire = { status, error, description: message }
  return retryAfterSeconds === undefined ? wire : { ...wire, headers: { 'retry-after': String(retryAfterSeconds) } }
}

function fromPassword({ message }: PasswordRefused, { routeOptions }: FastifyRequest): WireError {
  const field = routeOptions?.config?.tellsFields?.password
  return field === undefined ? refusal(400, message) : unprocessable(message, [{ field, message }])
}

/** No fault of ours: under a flood a stack for each refusal would be one. */
const isTemporary = (error: unknown): error is TooManyWaiting | TemporarilyUnavailable =>
  error instanceof TooManyWaiting || error instanceof TemporarilyUnavailable

/** Undefined: a fault of ours, about which the caller learns nothing. */
function knownError(error: FastifyError | Error, request: FastifyRequest): WireError | undefined {
  if (error instanceof OAuthError) return fromOAuth(error, request)
  if (error instanceof HttpError) return error.wire
  if (error instanceof AccountError) return fromAccount(error, request)
  if (error instanceof TooManyAttempts) return tooMany(error)
  if (error instanceof PasswordRefused) return fromPassword(error, request)
  // A signing key that can't be used: the log says which, and the next one may sign in a moment.
  if (error instanceof KeyError) return unavailable(1)
  if (isTemporary(error) || error instanceof StorageUnavailable) return unavailable(error.retryAfterSeconds)
  if (!('code' in error) || error.code === undefined) return undefined
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(request)
  const known = frameworkErrors[error.code]
  if (known !== undefined) return known
  const status = error.statusCode ?? 500
  return status >= 400 && status < 500 ? refusal(status, 'The request is malformed.') : undefined
}

export const errorBody = ({ error, description, errors }: WireError) => ({
  error,
  error_description: description,
  ...(errors && { errors }),
})

export function createErrorHandler(log: Logger) {
  return async (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const wire = knownError(error, request) ?? {
      status: 500,
      error: 'server_error',
      description: 'Something went wrong on our side.',
    }
    // Nor is what nobody built.
    if (wire.status >= 500 && wire.status !== 501 && !isTemporary(error) && !(error instanceof AccountError))
      log.error({ request_id: request.id, ...traceContextOf(request), err: error }, wire.error)
    noteForLog(request, { outcome: wire.error })
    return reply
      .code(wire.status)
      .headers({ 'cache-control': 'no-store', ...wire.headers })
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(errorBody(wire)))
  }
}
