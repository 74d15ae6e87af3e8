export type SignatureAlgorithm = 'RS256' | 'ES256' | 'EdDSA'
