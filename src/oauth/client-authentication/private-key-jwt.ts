/**
 * A client assertion (RFC 7521 §4.2, RFC 7523 §2.2): the client's own, which is private_key_jwt, or a workload's token of an issuer whom
 * the client trusts.
 */
import { type Assertion, JWT_BEARER, JWT_SPIFFE, parseAssertion } from '../assertions/assertion.ts'
import { invalidClient, invalidRequest } from '../oauth-error.ts'
import type { ProvingMethod } from './method.ts'

/** Where nothing else names it: the client itself that signed (RFC 7521 §4.2 lets it leave out the `client_id`). */
function signerOf(assertion: Assertion | undefined): string | undefined {
  const { iss, sub } = assertion?.claims ?? {}
  return typeof iss === 'string' && iss === sub ? iss : undefined
}

export const privateKeyJwt: ProvingMethod = {
  name: 'private_key_jwt',
  isUsed: ({ parameters }) =>
    parameters['client_assertion'] !== undefined || parameters['client_assertion_type'] !== undefined,
  read({ clientId, parameters: { client_assertion: token, client_assertion_type: type } }) {
    if (token === undefined || type === undefined)
      throw invalidRequest('The parameters client_assertion and client_assertion_type are needed together.')
    if (type !== JWT_BEARER && type !== JWT_SPIFFE) throw invalidClient()
    const assertion = parseAssertion(token)
    return { kind: 'assertion', clientId: clientId ?? signerOf(assertion), assertion, isSvid: type === JWT_SPIFFE }
  },
}
