/**
 * What two rooms must agree on; times in seconds. How long a revocation, a key or a status list has to be remembered follows from these:
 * were one of them changed in one place only, revoked tokens would live again.
 */

export const SHORTEST_ACCESS_TOKEN_LIFETIME_SECONDS = 30
export const LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS = 12 * 60 * 60

/** For how long a machine's row is written ahead of its tokens' lifetime, at most, so that a grant normally writes nothing. */
export const LONGEST_WRITTEN_AHEAD_SECONDS = 60 * 60

/** As much as any verifier's clock may be slow. */
export const CLOCK_TOLERANCE_SECONDS = 5 * 60

/** For how long a refresh whose answer was lost may be repeated. A stolen token may go unnoticed for as long. */
export const LONGEST_REFRESH_GRACE_SECONDS = 60

/** Between reading a session's row and answering: a retry that came in the last moment of the grace is signed a little later. */
export const ISSUING_SECONDS = 10

/** For how long a verifier may use its copy of the JWKS. */
export const JWKS_MAX_AGE_SECONDS = 5 * 60

/** For how long a key is published before it signs, at the least: jwx (Go) looks at the JWKS every 15 minutes, whatever its max-age. */
export const SHORTEST_PUBLISH_LEAD_SECONDS = 20 * 60

/** For how long a network from which an account has signed in is known. Older ones are forgotten: they say where people were. */
export const SIGN_IN_NETWORK_KNOWN_SECONDS = 90 * 24 * 60 * 60

/** What a list shows when nobody asks for more: more than anybody reads. */
export const MOST_LISTED = 1000

/** That many sessions are told of exactly: a million are not counted while somebody waits. */
export const MOST_COUNTED = 10_000

/** A credential that ends within this is told of, so that its successor is there in time. */
export const EXPIRES_SOON_SECONDS = 14 * 24 * 60 * 60
