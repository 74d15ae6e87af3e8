/** What both ports have in common: limits, the error shape, the log line. */
import { randomUUID } from 'node:crypto'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { RequestWaits } from '../records/request-waits.ts'
import { createClientErrorHandler, refuseTunnel } from './client-error.ts'
import { createErrorHandler, notFound } from './error-handler.ts'
import { createProxyTrust } from './forwarded.ts'
import { logRequests, type TellOfRequest } from './request-log.ts'
import { applyWireRules, sayAlways } from './wire-rules.ts'

const BODY_LIMIT_BYTES = 16 * 1024
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 15_000
/** Node looks for slow connections only every 30 s unless told otherwise. */
const CONNECTION_CHECK_MS = 1000
/** Longer than a request may take to arrive: what is cut then would never have been finished. */
const LONGEST_DRAIN_MS = 20_000

export interface BaseAppOptions {
  readonly log: Logger
  /** For so long an idle connection is kept. */
  readonly keepAliveSeconds: number
  /** Networks of the proxies whose X-Forwarded-For is believed, CIDR. */
  readonly trustProxy: readonly string[]
  readonly onRequestOver: TellOfRequest
  readonly requestWaits: RequestWaits
}

/** Requests are judged by the protocol, with its error codes, and responses made in full; the schemas describe both. */
const schemasDescribe = {
  // Fastify's types expect what Ajv makes, which is not loaded.
  buildValidator: (() => () => () => true) as never,
  buildSerializer: () => () => (body: unknown) => JSON.stringify(body),
}

export function createBaseApp({
  log,
  keepAliveSeconds,
  trustProxy,
  onRequestOver,
  requestWaits,
}: BaseAppOptions): FastifyInstance {
  const handleError = createErrorHandler(log)
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // That a connection is idle is no slow header: Node counts the two apart.
    keepAliveTimeout: keepAliveSeconds * 1000,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
      // Answered in our own error shape instead.
      requireHostHeader: false,
    },
    trustProxy: trustProxy.length > 0 ? createProxyTrust(trustProxy) : false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    clientErrorHandler: createClientErrorHandler(log),
    // A path that can't be decoded meets no hook.
    frameworkErrors: (error, request, reply) => {
      sayAlways(request, reply)
      void handleError(error, request, reply)
    },
    // While it shuts down, a request on a connection that is still open is served as usual.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    schemaController: { compilersFactory: schemasDescribe },
  })
  app.setErrorHandler(handleError)
  answerNotFound(app)
  // An expectation that is not 100-continue is ignored (RFC 9110 §10.1.1 allows it), instead of a bare 417.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  app.server.on('connect', (_request, socket) => refuseTunnel(socket))
  drainAtClose(app)
  logRequests(app, log, onRequestOver)
  applyWireRules(app)
  // Not before the body is read: what reads it forgets whose it is.
  app.addHook('preValidation', (_request, _reply, done) => requestWaits.begin(done))
  return app
}

/** PostgreSQL would refuse to compare it, and nothing that there is has one in its name. */
const hasNul = ({ url }: FastifyRequest): boolean => /^[^?]*%00/.test(url)

function answerNotFound(app: FastifyInstance): void {
  // After all that is asked of every request, before the body is read: it does not matter what is in it.
  app.addHook('preParsing', (request, _reply, payload, done) =>
    done(request.is404 || hasNul(request) ? notFound() : null, payload),
  )
  app.setNotFoundHandler(async () => {
    throw notFound()
  })
}

/** Requests in flight are finished, and their connections closed with them: a client would keep each open for the next one. */
function drainAtClose(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('preClose', async () => {
    isClosing = true
    // A server that closes cuts slow connections no more: one request that never ends would keep it from closing.
    const deadline = setTimeout(() => app.server.closeAllConnections(), LONGEST_DRAIN_MS)
    app.server.once('close', () => clearTimeout(deadline))
  })
}
