/** Why a workload's token proves nothing, in sentences for whoever sets it up. */
import type { AssertionProblem } from '../oauth/assertions/outcome.ts'
import type { TrustedIssuer } from '../records/trusted-issuer.ts'

const sentences: Readonly<Record<AssertionProblem, string>> = {
  malformed_assertion:
    'It is no JWT: three parts of base64url between dots, with JSON in the first two, at most 16,000 characters.',
  wrong_assertion_type:
    'Its typ is not JWT, JOSE or client-authentication+jwt, and not absent. An access token is no proof.',
  no_key_or_trust: 'The client has no trust in this issuer: signet clients add-trust.',
  unknown_issuer: 'Its iss is not the URL of the issuer byte for byte, or its sub is not in the trust domain.',
  unknown_key: 'The issuer has no key with the kid and the alg of the header: signet issuers show lists its keys.',
  ambiguous_key: 'It names no key, and several fit.',
  keys_unavailable: 'No key of the issuer is known: signet issuers show says why.',
  wrong_signature: 'The signature does not verify with the key that it names.',
  wrong_audience: 'Its aud is not the audience that is expected, or not that alone.',
  assertion_without_times: 'It lacks exp or iat, or they are no numbers.',
  assertion_from_the_future: 'Its iat or nbf lies more than a minute ahead: compare the clocks.',
  assertion_expired: 'It has expired.',
  assertion_lives_too_long: 'It lives longer than the issuer allows: signet issuers update --max-lifetime.',
  wrong_subject: 'Its sub is another client.',
  assertion_without_jti: 'It has no jti of 1 to 256 characters.',
  assertion_from_before_the_restore: 'It was made before the database was put back.',
  assertion_used_before: 'It was used before.',
  conditions_not_met: 'A condition does not hold.',
}

/** @param ours our issuer identifier */
export function sentenceOf(problem: AssertionProblem, issuer: TrustedIssuer, ours: string): string {
  const sentence = sentences[problem]
  if (problem === 'wrong_audience') return `${sentence} Expected: ${issuer.audience ?? ours}`
  return problem === 'unknown_issuer' && issuer.url !== null ? `${sentence} Expected: ${issuer.url}` : sentence
}
