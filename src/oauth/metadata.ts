/** Authorization server metadata (RFC 8414 §2): only what works is advertised, and what would be empty is left out (§3.2). */
import { assertionAlgorithms } from '../records/public-key.ts'
import { clientAuthenticationMethods } from './client-authentication/client-authentication.ts'
import { statusListsUri } from './status-list/encoding.ts'

export interface Metadata {
  readonly issuer: string
  readonly token_endpoint: string
  readonly jwks_uri: string
  readonly grant_types_supported: readonly string[]
  readonly token_endpoint_auth_methods_supported: readonly string[]
  /** Of assertions (RFC 8414 §2). */
  readonly token_endpoint_auth_signing_alg_values_supported: readonly string[]
  readonly revocation_endpoint: string
  readonly revocation_endpoint_auth_methods_supported: readonly string[]
  readonly revocation_endpoint_auth_signing_alg_values_supported: readonly string[]
  readonly introspection_endpoint: string
  readonly introspection_endpoint_auth_methods_supported: readonly string[]
  readonly introspection_endpoint_auth_signing_alg_values_supported: readonly string[]
  /** Of Signet: where users set a password with a ticket. */
  readonly password_ticket_redemption_endpoint: string
  readonly status_list_aggregation_endpoint: string
}

export const metadataOf = (issuer: string, grantTypes: readonly string[]): Metadata => ({
  issuer,
  token_endpoint: `${issuer}/oauth/token`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  grant_types_supported: grantTypes,
  token_endpoint_auth_methods_supported: clientAuthenticationMethods,
  token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  revocation_endpoint: `${issuer}/oauth/revoke`,
  revocation_endpoint_auth_methods_supported: clientAuthenticationMethods,
  revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  introspection_endpoint: `${issuer}/oauth/introspect`,
  introspection_endpoint_auth_methods_supported: clientAuthenticationMethods.filter(method => method !== 'none'),
  introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  password_ticket_redemption_endpoint: `${issuer}/oauth/password-tickets/redeem`,
  status_list_aggregation_endpoint: statusListsUri(issuer),
})

/** What OpenID Connect Discovery §3 requires beside it, as far as it can be said of a service that knows no ID tokens. */
export interface OpenidConfiguration extends Metadata {
  readonly response_types_supported: readonly []
  readonly subject_types_supported: readonly string[]
  readonly id_token_signing_alg_values_supported: readonly string[]
}

/** For clients that read this document and no other, and refuse one that lacks a member that they have no use for. */
export const openidConfigurationOf = (metadata: Metadata): OpenidConfiguration => ({
  ...metadata,
  // There is no authorization endpoint.
  response_types_supported: [],
  // One `sub` for all clients.
  subject_types_supported: ['public'],
  // What access tokens are signed with: there are libraries that verify these by it.
  id_token_signing_alg_values_supported: ['RS256'],
})
