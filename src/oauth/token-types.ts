/** How an exchange names what it takes and gives (RFC 8693 §3). */

export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'

export const API_KEY_TYPE = 'urn:signet:params:oauth:token-type:api-key'
