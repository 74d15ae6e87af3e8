/** Middlewares for Express, and for Connect and its like: whatever has handlers of Node's requests and hears of errors by `next`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessTokenClaims } from '../claims.ts'
import type { Verifier } from '../verifier.ts'
import { readNodeRequest } from './bearer-request.ts'
import { createGuard, type MiddlewareOptions } from './guard.ts'
import { createMiddlewares, type Middlewares } from './route-requirements.ts'

declare global {
  namespace Express {
    interface User extends AccessTokenClaims {}
    interface Request {
      /** The claims of the access token, once a middleware of Signet has let the request pass. */
      user?: User | undefined
    }
  }
}

export interface SignetRequest extends IncomingMessage {
  /** The whole target, where a router has cut its own part off `url`. */
  readonly originalUrl?: string
  readonly body?: unknown
  user?: AccessTokenClaims | undefined
}

export type SignetHandler = (request: SignetRequest, response: ServerResponse, next: (error?: unknown) => void) => void

export type SignetExpressOptions = MiddlewareOptions<SignetRequest>

export interface SignetExpress extends Middlewares<SignetHandler> {
  /** Close it when the service stops. */
  readonly verifier: Verifier
}

/** @throws what `createVerifier` throws */
export function signetExpress(options: SignetExpressOptions): SignetExpress {
  const { verifier, admit } = createGuard(options)

  const middlewares = createMiddlewares<SignetHandler>(requirement => {
    /** Whether the request may go on; it has been answered when not. */
    async function mayPass(request: SignetRequest, response: ServerResponse): Promise<boolean> {
      const bearer = readNodeRequest(request, request.originalUrl ?? request.url ?? '', request.body)
      const outcome = await admit(request, bearer, requirement)
      if ('claims' in outcome) {
        request.user = outcome.claims
        return true
      }
      const { status, headers, body } = outcome.refusal
      response.statusCode = status
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      response.end(body)
      return false
    }
    return (request, response, next) => void mayPass(request, response).then(passes => passes && next(), next)
  })

  return { ...middlewares, verifier }
}
