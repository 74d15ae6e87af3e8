/**
 * Which web pages may use which endpoint (Fetch Standard, CORS protocol). Public documents are open to every origin. Elsewhere
 * a page must be the service's own or be registered by its client, also for a plain form post, which needs no preflight:
 * strangers' pages could guess passwords from their visitors' addresses.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OAuthError } from '../oauth/oauth-error.ts'
import type { ClientReader } from '../records/client.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A public document: every origin may read it. */
    readonly openToEveryOrigin?: boolean
  }
}

export interface OriginRules {
  /** Whether some client, or the service itself, is used from this origin. */
  isKnown(origin: string): Promise<boolean>
  /** Whether this client may be used from this origin. */
  mayUse(origin: string, clientId: string): Promise<boolean>
}

/** @param own origins of the service itself: the issuer's and the management port's */
export const createOriginRules = (own: readonly string[], clients: ClientReader): OriginRules => ({
  isKnown: async origin => own.includes(origin) || clients.isRegisteredOrigin(origin),
  async mayUse(origin, clientId) {
    if (own.includes(origin)) return true
    const client = await clients.findByClientId(clientId)
    return client !== undefined && (await clients.originsOf(client.id)).includes(origin)
  },
})

export const originNotAllowed = (): OAuthError =>
  new OAuthError('origin_not_allowed', 'This web page may not use this client.')

function allow(reply: FastifyReply, origin: string): void {
  reply.header('access-control-allow-origin', origin)
  reply.header('access-control-expose-headers', 'Retry-After, WWW-Authenticate, ETag')
}

export const isPreflight = (request: FastifyRequest): boolean =>
  request.method === 'OPTIONS' &&
  request.headers.origin !== undefined &&
  request.headers['access-control-request-method'] !== undefined

/** What pages need that name nothing. */
const USUAL_HEADERS = 'Authorization, Content-Type, If-Match, If-None-Match, Cache-Control'
const MOST_ASKED_LENGTH = 2048
/** RFC 9110 §5.6.1, §5.6.2 */
const isListOfTokens = (text: string): boolean =>
  text.length <= MOST_ASKED_LENGTH &&
  text.split(',').every(name => /^[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*$/.test(name))

/**
 * The headers that a page adds are its own affair, or those of the libraries in it: no cookie goes with them, and without a page
 * everybody may send them.
 */
function headersFor({ headers }: FastifyRequest): string {
  const asked = headers['access-control-request-headers']
  return typeof asked === 'string' && isListOfTokens(asked) ? asked : USUAL_HEADERS
}

/** Answers a preflight that `applyOriginRules` let through. */
export function answerPreflight(
  request: FastifyRequest,
  reply: FastifyReply,
  methods: readonly string[],
): FastifyReply {
  const vary = [reply.getHeader('vary') ?? [], 'Access-Control-Request-Headers'].flat()
  return reply
    .code(204)
    .header('vary', vary.join(', '))
    .header('access-control-allow-methods', methods.join(', '))
    .header('access-control-allow-headers', headersFor(request))
    .header('access-control-max-age', '600')
    .send()
}

export function applyOriginRules(app: FastifyInstance, rules: OriginRules): void {
  async function admit(origin: string, reply: FastifyReply): Promise<void> {
    if (!(await rules.isKnown(origin))) throw originNotAllowed()
    allow(reply, origin)
  }

  app.addHook('onRequest', (request, reply, done) => {
    const isOpen = request.routeOptions.config.openToEveryOrigin === true
    if (isOpen) allow(reply, '*')
    else reply.header('vary', 'Origin')
    const { origin } = request.headers
    if (isOpen || origin === undefined) return done()
    admit(origin, reply).then(() => done(), done)
  })
}
