/** Errors of this service in one shape: error, error_description, status, path, and `errors` where single fields are wrong. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

export interface FieldError {
  readonly field: string
  readonly message: string
}

interface Wrong {
  readonly status: number
  readonly error: string
  readonly retryAfterSeconds?: number
  readonly errors?: readonly FieldError[]
}

/** What is told to the caller. */
export class Refusal extends Error {
  readonly wrong: Wrong

  constructor(wrong: Wrong, description: string) {
    super(description)
    this.wrong = wrong
  }
}

export const busy = (retryAfterSeconds: number): Refusal =>
  new Refusal(
    { status: 503, error: 'temporarily_unavailable', retryAfterSeconds },
    "This can't be done at the moment. Try again after the time in Retry-After.",
  )

/** Without the query. */
export const pathOf = ({ url }: Pick<FastifyRequest, 'url'>): string => url.replace(/\?.*/s, '')

function sendError(request: FastifyRequest, reply: FastifyReply, wrong: Wrong, description: string) {
  const { status, error, retryAfterSeconds, errors } = wrong
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  const body = { error, error_description: description, status, path: pathOf(request), ...(errors && { errors }) }
  return reply.code(status).header('cache-control', 'no-store').send(body)
}

export function applyErrorShape(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) =>
    sendError(request, reply, { status: 404, error: 'not_found' }, 'There is nothing here.'),
  )

  app.setErrorHandler((error: FastifyError | Refusal, request, reply) => {
    if (error instanceof Refusal) return sendError(request, reply, error.wrong, error.message)
    const { statusCode: status = 500 } = error
    // The message of a fault of ours is for the log, not for the caller.
    if (status >= 500) {
      request.log.error(error)
      return sendError(request, reply, { status: 500, error: 'server_error' }, 'Something went wrong here.')
    }
    return sendError(request, reply, { status, error: 'invalid_request' }, error.message)
  })
}
