/** One line a request. The path is logged as its route, and no query, header or body ever: they may hold secrets. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { FinishedRequest } from '../records/finished-request.ts'
import { addressOf } from './provenance.ts'
import { traceContextOf } from './trace-context.ts'

/** What only a handler knows. */
export interface RequestNote {
  readonly client_id?: string
  /** Of a request for tokens: one of those that there are, or `other`. */
  readonly grant_type?: string
  /** `success`, `stale` where the database could not be asked, or the error code of the response. */
  readonly outcome?: string
}

export type TellOfRequest = (request: FinishedRequest) => void

const notes = new WeakMap<FastifyRequest, RequestNote>()

/** Adds to the line that is logged when the request is over. Nothing else can read it. */
export function noteForLog(request: FastifyRequest, note: RequestNote): void {
  const before = notes.get(request)
  notes.set(request, before === undefined ? note : { ...before, ...note })
}

export function logRequests(app: FastifyInstance, log: Logger, tell: TellOfRequest): void {
  app.addHook('onRequest', (request, reply, done) => {
    const beganAt = performance.now()
    // Comes once, whether the response was finished or the caller went away.
    reply.raw.on('close', () => {
      const note = notes.get(request)
      const isFinished = reply.raw.writableFinished
      const { method } = request
      const route = request.is404 ? null : (request.routeOptions.url ?? null)
      const status = isFinished ? reply.statusCode : null
      const durationMs = performance.now() - beganAt
      const outcome = isFinished ? (note?.outcome ?? 'success') : 'aborted'
      tell({ method, route, status, durationMs, outcome, grantType: note?.grant_type })
      log.info(
        {
          request_id: request.id,
          ...traceContextOf(request),
          ...{ method, route, status },
          duration_ms: Math.round(durationMs * 10) / 10,
          address: addressOf(request),
          outcome,
          client_id: note?.client_id,
          grant_type: note?.grant_type,
        },
        'request',
      )
    })
    done()
  })
}
