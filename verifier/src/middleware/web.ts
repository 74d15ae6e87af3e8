/** Middlewares for web-standard requests: Hono, Bun, Deno and whatever else has Request and Response. */
import type { AccessTokenClaims } from '../access-token-claims.ts'
import type { Verifier } from '../verifier.ts'
import type { WebRequest, WebResponse } from '../web-types.ts'
import { linesOfWeb } from './bearer-request.ts'
import { createGuard, type MiddlewareOptions } from './guard.ts'
import { createMiddlewares, type Middlewares } from './route-requirements.ts'

/**
 * Answers the claims of the access token, or the response to send in their place. Looks at the header and at the query only: a
 * form cannot be read without taking it from whoever handles the request.
 */
export type SignetAuthentication = (request: WebRequest) => Promise<AccessTokenClaims | WebResponse>

export type SignetWebOptions = MiddlewareOptions<WebRequest>

export interface SignetWeb extends Middlewares<SignetAuthentication> {
  /** Answers the resource metadata where that is asked for, and undefined to everything else. */
  readonly resourceMetadata: (request: WebRequest) => WebResponse | undefined
  /** Close it when the service stops. */
  readonly verifier: Verifier
}

/** @throws what `createVerifier` throws, and TypeError for what is wrong with the other options */
export function signetWeb(options: SignetWebOptions): SignetWeb {
  const { verifier, resourceMetadata: metadata, admit } = createGuard(options)

  const middlewares = createMiddlewares<SignetAuthentication>(requirement => async request => {
    const { pathname, searchParams } = new URL(request.url)
    const bearer = {
      authorization: linesOfWeb(request.headers, 'authorization'),
      apiKey: [request.headers.get('x-api-key') ?? []].flat(),
      hasTokenInQuery: searchParams.has('access_token'),
      hasTokenInForm: false,
      path: pathname,
    }
    const outcome = await admit(request, bearer, requirement)
    if ('claims' in outcome) return outcome.claims
    const { status, headers, body } = outcome.refusal
    return new Response(body, { status, headers })
  })

  return {
    ...middlewares,
    resourceMetadata({ method, url }) {
      if (!metadata?.isAskedFor(method, new URL(url).pathname)) return undefined
      return new Response(method === 'HEAD' ? null : metadata.body, { headers: metadata.headers })
    },
    verifier,
  }
}
