/**
 * A client assertion (RFC 7521 §4.2, RFC 7523 §2.2): the client's own, which is private_key_jwt, or a workload's token of an issuer whom
 * the client trusts.
 */
import { type Assertion, JWT_BEARER, JWT_SPIFFE, parseAssertion } from '../assertions/assertion.ts'
import { needed } from '../form.ts'
import type { ProvingMethod } from './method.ts'

/** Only what can be a name is asked of the database: a claim may hold a NUL, which no column takes. */
const isName = (claim: unknown): claim is string => typeof claim === 'string' && /^[\x21-\x7E]{1,2048}$/.test(claim)

/** Where nothing else names it: the client itself that signed (RFC 7521 §4.2 lets it leave out the `client_id`). */
function signerOf({ claims: { iss, sub } }: Assertion): string | undefined {
  return isName(iss) && iss === sub ? iss : undefined
}

export const privateKeyJwt: ProvingMethod = {
  names: ['private_key_jwt', 'spiffe_jwt'],
  isUsed: ({ parameters }) =>
    parameters['client_assertion'] !== undefined || parameters['client_assertion_type'] !== undefined,
  read({ clientId, parameters }) {
    const { client_assertion: token, client_assertion_type: type } = needed(
      parameters,
      'client_assertion',
      'client_assertion_type',
    )
    // Of another type it says nothing.
    const assertion = type === JWT_BEARER || type === JWT_SPIFFE ? parseAssertion(token) : undefined
    const isSvid = type === JWT_SPIFFE
    const subject = assertion?.claims['sub']
    return {
      ...{ kind: 'assertion', assertion, isSvid },
      clientId: clientId ?? (assertion && signerOf(assertion)),
      subject: isSvid && isName(subject) ? subject : undefined,
    }
  },
}
