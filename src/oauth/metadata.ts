/** Authorization server metadata (RFC 8414 §2): only what works is advertised, and what would be empty is left out (§3.2). */
import { clientAuthenticationMethods } from './client-authentication.ts'

export interface Metadata {
  readonly issuer: string
  readonly token_endpoint: string
  readonly jwks_uri: string
  readonly grant_types_supported: readonly string[]
  readonly token_endpoint_auth_methods_supported: readonly string[]
}

export const metadataOf = (issuer: string, grantTypes: readonly string[]): Metadata => ({
  issuer,
  token_endpoint: `${issuer}/oauth/token`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  grant_types_supported: grantTypes,
  token_endpoint_auth_methods_supported: clientAuthenticationMethods,
})
