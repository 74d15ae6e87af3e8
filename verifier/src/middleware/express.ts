/** Middlewares for Express, and for Connect and its like: whatever has handlers of Node's requests and hears of errors by `next`. */
import type { AccessTokenClaims } from '../access-token-claims.ts'
import type { Verifier } from '../verifier.ts'
import { type NodeRequest, pathOf, readNodeRequest } from './bearer-request.ts'
import { createGuard, type MiddlewareOptions, type WireAnswer } from './guard.ts'
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

/** What is looked at of a request. Node's types would ask for theirs in each service that has none. */
export interface SignetRequest extends NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** The whole target, where a router has cut its own part off `url`. */
  readonly originalUrl?: string | undefined
  readonly body?: unknown
  user?: AccessTokenClaims | undefined
}

export interface SignetResponse {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

export type SignetHandler = (request: SignetRequest, response: SignetResponse, next: (error?: unknown) => void) => void

export type SignetExpressOptions = MiddlewareOptions<SignetRequest>

export interface SignetExpress extends Middlewares<SignetHandler> {
  /** Serves the resource metadata where that is asked for, and hands on everything else. It needs no token, so it goes first. */
  readonly resourceMetadata: SignetHandler
  /** Close it when the service stops. */
  readonly verifier: Verifier
}

const targetOf = ({ originalUrl, url = '' }: SignetRequest): string => originalUrl ?? url

/** The body of an answer to HEAD is left out by Node. */
function answer(response: SignetResponse, { status, headers, body }: WireAnswer): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(body)
}

/** @throws what `createVerifier` throws, and TypeError for what is wrong with the other options */
export function signetExpress(options: SignetExpressOptions): SignetExpress {
  const { verifier, resourceMetadata: metadata, admit } = createGuard(options)

  const middlewares = createMiddlewares<SignetHandler>(requirement => {
    /** Whether the request may go on; it has been answered when not. */
    async function mayPass(request: SignetRequest, response: SignetResponse): Promise<boolean> {
      const bearer = readNodeRequest(request, targetOf(request), request.body)
      const outcome = await admit(request, bearer, requirement)
      if ('claims' in outcome) {
        request.user = outcome.claims
        return true
      }
      answer(response, outcome.refusal)
      return false
    }
    return (request, response, next) => void mayPass(request, response).then(passes => passes && next(), next)
  })

  return {
    ...middlewares,
    resourceMetadata(request, response, next) {
      if (metadata?.isAskedFor(request.method, pathOf(targetOf(request))))
        answer(response, { status: 200, ...metadata })
      else next()
    },
    verifier,
  }
}
