/** The grants that this service has (RFC 6749 §4). */
export const grantTypes = ['password', 'refresh_token'] as const
