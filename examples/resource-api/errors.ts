/** Errors of this service in the shape that the verifier's have: error, error_description, status, path. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Without the query. */
export const pathOf = ({ url }: Pick<FastifyRequest, 'url'>): string => url.replace(/\?.*/s, '')

function sendError(request: FastifyRequest, reply: FastifyReply, status: number, error: string, description: string) {
  const body = { error, error_description: description, status, path: pathOf(request) }
  return reply.code(status).header('cache-control', 'no-store').send(body)
}

export function applyErrorShape(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => sendError(request, reply, 404, 'not_found', 'There is nothing here.'))

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { statusCode: status = 500 } = error
    // The message of a fault of ours is for the log, not for the caller.
    if (status >= 500) {
      request.log.error(error)
      return sendError(request, reply, 500, 'server_error', 'Something went wrong here.')
    }
    return sendError(request, reply, status, 'invalid_request', error.message)
  })
}
