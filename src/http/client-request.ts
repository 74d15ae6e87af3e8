/** What the endpoints have in common at which clients authenticate: a form, and a page's origin that its client has registered. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ClientRequest, presentedClient } from '../oauth/client-authentication/client-authentication.ts'
import { createProofs } from '../oauth/proofs.ts'
import { type OriginRules, originNotAllowed } from './browser-origins.ts'
import { formOf } from './form-parameters.ts'
import { refuseParametersInQuery } from './form-query.ts'
import { addressInHeader } from './forwarded.ts'
import { provenanceOf } from './provenance.ts'
import { noteForLog } from './request-log.ts'

/** To be asked before the body is read. Errors carry these two headers, too (RFC 6749 §5.1, §5.2). */
export function prepareClientForm(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
  refuseParametersInQuery(request)
  done()
}

/**
 * Hands an endpoint what it needs of a request.
 * @throws OAuthError origin_not_allowed before any credential is looked at
 */
export const handleClientRequest =
  <T>(endpoint: (request: ClientRequest) => Promise<T>, origins: OriginRules) =>
  (request: FastifyRequest): Promise<T> => {
    const { origin } = request.headers
    const clientRequest = clientRequestOf(request)
    if (origin === undefined) return endpoint(clientRequest)
    return assertMayUse(origins, origin, clientRequest).then(() => endpoint(clientRequest))
  }

async function assertMayUse(origins: OriginRules, origin: string, request: ClientRequest): Promise<void> {
  const { clientId } = presentedClient(request)
  // A page has no token of a workload, which alone may leave out whom it proves.
  if (clientId === undefined || !(await origins.mayUse(origin, clientId))) throw originNotAllowed()
}

const clientRequestOf = (request: FastifyRequest): ClientRequest => ({
  parameters: formOf(request),
  authorization: request.headers.authorization,
  provenance: provenanceOf(request),
  forwardedAddress: header => addressInHeader(request, header),
  prove: createProofs(),
  onClient: clientId => noteForLog(request, { client_id: clientId }),
})
