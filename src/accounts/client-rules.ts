/** What an operator may enter for a client. Each function answers a sentence that says what is wrong, or undefined. */

import type { ClientSettings } from '../records/client.ts'
import { permissionProblem } from './scope-tokens.ts'

/** No access token lives longer: a revocation has to be remembered for as long. */
export const LONGEST_ACCESS_TOKEN_TTL_SECONDS = 12 * 60 * 60
const SHORTEST_ACCESS_TOKEN_TTL_SECONDS = 30

/** Printable ASCII (RFC 6749 Appendix A.1). */
export const clientIdProblem = (clientId: string): string | undefined =>
  /^[\x20-\x7E]{1,64}$/.test(clientId) ? undefined : 'A client id has 1 to 64 printable ASCII characters.'

/** Printable ASCII (RFC 6749 Appendix A.2), long enough that its SHA-256 can't be searched. */
export const clientSecretProblem = (secret: string): string | undefined =>
  /^[\x20-\x7E]{32,256}$/.test(secret) ? undefined : 'A client secret has 32 to 256 printable ASCII characters.'

const LONGEST_SECRET_TTL_SECONDS = 3650 * 24 * 60 * 60

export const secretTtlProblem = (seconds: number | undefined): string | undefined =>
  seconds === undefined || (seconds >= 1 && seconds <= LONGEST_SECRET_TTL_SECONDS)
    ? undefined
    : 'A client secret expires after 1s to 3650d.'

/** RFC 8707 §2: an absolute URI without a fragment. */
const audienceProblem = (audience: string): string | undefined =>
  URL.canParse(audience) && /^[\x21-\x7E]{1,2048}$/.test(audience) && !audience.includes('#')
    ? undefined
    : 'An audience is an absolute URI without a fragment, for example https://api.example.com.'

/** RFC 6454 §6.2: scheme, host and port as a browser sends them. */
const originProblem = (origin: string): string | undefined =>
  URL.canParse(origin) && /^https?:/.test(origin) && new URL(origin).origin === origin
    ? undefined
    : 'An origin is a scheme, a host and a port that is not the default one, for example https://login.example.com.'

const ttlProblem = (seconds: number | null): string | undefined =>
  seconds === null || (seconds >= SHORTEST_ACCESS_TOKEN_TTL_SECONDS && seconds <= LONGEST_ACCESS_TOKEN_TTL_SECONDS)
    ? undefined
    : 'An access token lives for 30s to 12h.'

export function settingsProblem(settings: ClientSettings, knownGrants: readonly string[]): string | undefined {
  const unknownGrant = settings.grants.find(grant => !knownGrants.includes(grant))
  if (unknownGrant !== undefined) return `A grant is one of ${knownGrants.join(', ')}.`
  if (settings.grants.length > 0 && settings.audiences.length === 0) return 'A client with a grant needs an audience.'
  const problems = [
    ...settings.scope.filter(permission => permission !== '*').map(permissionProblem),
    ...settings.audiences.map(audienceProblem),
    ...settings.introspect.map(audienceProblem),
    ...settings.origins.map(originProblem),
    ttlProblem(settings.accessTokenTtlSeconds),
  ]
  return problems.find(problem => problem !== undefined)
}
