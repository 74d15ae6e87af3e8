/** What may be entered for a client: its id, its secrets, and what it may have. */
import { formatDuration } from '../clock.ts'
import { isAudienceName } from '../records/audience.ts'
import {
  CLIENT_CREDENTIALS,
  type ClientSettings,
  type GrantLimits,
  type GrantLimitsChange,
  grantTypes,
} from '../records/client.ts'
import type { Credential } from '../records/credential.ts'
import { LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS, SHORTEST_ACCESS_TOKEN_LIFETIME_SECONDS } from '../records/limits.ts'
import { ADMINISTRATOR } from '../records/role.ts'
import { originProblem } from './origin-rules.ts'
import { audiencesProblem, type Problems, permissionProblem, unknownPermissionProblem } from './rules.ts'

/** Printable ASCII (RFC 6749 Appendix A.1), and nothing that Basic or a form writes in another way: clients differ in whether they do. */
export const clientIdProblem = (clientId: string): string | undefined =>
  /^[\x21-\x7E]{1,64}$/.test(clientId) && !/[%+:]/.test(clientId)
    ? undefined
    : 'A client id has 1 to 64 printable ASCII characters without space, %, + and colon.'

const LEAST_DIFFERENT_CHARACTERS = 10

/** Printable ASCII (RFC 6749 Appendix A.2), long and varied enough that its SHA-256 can't be searched. */
export const clientSecretProblem = (secret: string): string | undefined =>
  /^[\x20-\x7E]{32,256}$/.test(secret) && new Set(secret).size >= LEAST_DIFFERENT_CHARACTERS
    ? undefined
    : `A client secret has 32 to 256 printable ASCII characters, at least ${LEAST_DIFFERENT_CHARACTERS} of them different.`

const MOST_SECRETS = 20

/** For one more: each is compared with what a request presents. */
export const secretCountProblem = (secrets: readonly Credential[], nowMs: number): string | undefined =>
  secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs).length < MOST_SECRETS
    ? undefined
    : `A client has at most ${MOST_SECRETS} secrets that work: remove one that is no longer used first.`

/** Proxies write these whoever asks, or pass on what anybody wrote there: RFC 7239, RFC 9110 §7.6.3, and what products have of their own. */
const PROXIES_WRITE =
  /^(x[-_]forwarded.*|x-original-forwarded-for|forwarded.*|via|x-real-(client-)?ip|(x-)?(true-)?client-?ip|x-cluster-client-ip|(wl-)?proxy-client-ip|cf-.*|(ali-cdn-real|(akamai|fastly|fly|incap)-client)-ip|x-sucuri-.*|cloudfront-.*|x-appengine-.*|x-azure-.*|x-envoy-.*|(x-)?remote[-_](ip|addr)|x-(originating|proxyuser)-ip|x-vercel-.*|x-nf-.*|do-connecting-ip|x-host|host)$/

/** HTTP, or what is used with it, gives these another meaning: they would never hold an address. */
const HTTP_USES =
  /^(authorization|(proxy|accept|content|access-control|sec|if)-.*|accept|cache-control|connection|cookie|date|dpop|expect|from|keep-alive|max-forwards|origin|pragma|priority|range|referer|te|trailer|transfer-encoding|upgrade.*|user-agent|traceparent|tracestate|x-request-id)$/

/** A field name of RFC 9110 §5.1. */
const forwardsAddressProblem = (header: string | null): string | undefined => {
  if (header === null) return undefined
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]{1,64}$/.test(header))
    return 'The header that forwards an address has 1 to 64 characters of a header name.'
  if (PROXIES_WRITE.test(header))
    return 'Proxies write this header, or pass on what anybody wrote there: take one of your own, as x-dovecot-auth-remote.'
  return HTTP_USES.test(header)
    ? 'This header says something else in HTTP: take one of your own, as x-dovecot-auth-remote.'
    : undefined
}

const ttlProblem = (seconds: number | null): string | undefined =>
  seconds === null ||
  (seconds >= SHORTEST_ACCESS_TOKEN_LIFETIME_SECONDS && seconds <= LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS)
    ? undefined
    : `An access token lives for ${formatDuration(SHORTEST_ACCESS_TOKEN_LIFETIME_SECONDS)} to ${formatDuration(LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS)}.`

const MOST_GRANTS_A_MINUTE = 1_000_000

const isLimit = (limit: number): boolean => Number.isSafeInteger(limit) && limit >= 1 && limit <= MOST_GRANTS_A_MINUTE

export function grantLimitsProblem({ client, subject }: GrantLimits): string | undefined {
  if (isLimit(client) && (subject === null || (isLimit(subject) && subject <= client))) return undefined
  return `The limit of grants is a whole number from 1 to ${MOST_GRANTS_A_MINUTE}, and that of a subject no more than it.`
}

/** Without a limit of the client there is none of a subject. */
export function grantLimitsAfter(before: GrantLimits | null, change: GrantLimitsChange | null): GrantLimits | null {
  const { client, subject } = { client: null, subject: null, ...before, ...change }
  return change === null || client === null ? null : { client, subject }
}

/** @param after what comes of the change */
export function grantLimitsProblems(change: GrantLimitsChange | null, after: GrantLimits | null): Problems {
  if (after === null)
    return {
      grants_per_minute_subject:
        typeof change?.subject === 'number' ? 'A limit of each subject goes with one of the client.' : undefined,
    }
  const problem = grantLimitsProblem(after)
  return isLimit(after.client) ? { grants_per_minute_subject: problem } : { grants_per_minute: problem }
}

const isGrantType = (grant: string): boolean => grantTypes.some(known => known === grant)

const firstOf = (problems: readonly (string | undefined)[]): string | undefined =>
  problems.find(problem => problem !== undefined)

/** RFC 8707 §2 lets requests ask for URIs alone. */
const namesProblem = ([, ...others]: readonly string[]): string | undefined =>
  others.some(isAudienceName)
    ? 'An audience that is a name comes first, and there is one at most: no request can ask for it.'
    : undefined

/**
 * What is given for a client, each by itself.
 * @param before what its scope was: what is from before there was a rule is in nobody's way
 */
function valueProblems(given: Partial<ClientSettings>, before: readonly string[]): Problems {
  const { grants = [], scope = [], audiences = [], introspect = [], origins = [], mayGrant = [] } = given
  const permissions = scope.filter(permission => permission !== '*')
  return {
    grants: grants.every(isGrantType) ? undefined : `A grant is one of ${grantTypes.join(', ')}.`,
    scope: firstOf(permissions.map(permissionProblem)) ?? unknownPermissionProblem(permissions, before),
    audiences: audiencesProblem(audiences) ?? namesProblem(audiences),
    introspect: audiencesProblem(introspect),
    origins: firstOf(origins.map(originProblem)),
    access_token_ttl: ttlProblem(given.accessTokenTtlSeconds ?? null),
    forwards_address: forwardsAddressProblem(given.forwardsAddress ?? null),
    may_grant: mayGrant.includes(ADMINISTRATOR) ? `No client may grant ${ADMINISTRATOR}.` : undefined,
  }
}

/** Anybody can be a public client: what is asked of one that proves who it is (RFC 6749 §4.4, RFC 7662 §2.1) is not for it. */
export const publicClientProblems = ({
  grants,
  introspect,
  mayGrant,
  forwardsAddress,
}: Partial<ClientSettings>): Problems => ({
  grants: grants?.includes(CLIENT_CREDENTIALS)
    ? 'A public client has no client_credentials: it can prove nothing, so anybody would get its tokens.'
    : undefined,
  introspect: introspect?.length
    ? 'A public client may not introspect: it can prove nothing, so anybody could.'
    : undefined,
  may_grant: mayGrant?.length
    ? 'A public client may grant no role: it can prove nothing, so anybody could.'
    : undefined,
  forwards_address:
    typeof forwardsAddress === 'string'
      ? 'A public client forwards no address: it can prove nothing, so anybody could say where they are.'
      : undefined,
})

/** All that a client has, taken together. */
function settingsProblems(settings: ClientSettings & { readonly isPublic: boolean }): Problems {
  const { grants, audiences, mayGrant, forwardsAddress, isPublic } = settings
  const lacksAudience = grants.length > 0 && audiences.length === 0
  const isNoMachine = !isPublic && mayGrant.length > 0 && !grants.includes(CLIENT_CREDENTIALS)
  return {
    audiences: lacksAudience ? 'A client with a grant needs an audience.' : undefined,
    grants: isNoMachine
      ? 'A client that may grant roles does so for itself: it keeps client_credentials for as long as it may.'
      : undefined,
    forwards_address:
      forwardsAddress !== null && !grants.includes('password')
        ? 'An address is forwarded with the password grant alone: give the client that, or take forwards_address back.'
        : undefined,
    ...(isPublic && withoutGaps(publicClientProblems(settings))),
  }
}

const withoutGaps = (problems: Problems): Problems =>
  Object.fromEntries(Object.entries(problems).filter(([, problem]) => problem !== undefined))

/**
 * What is wrong with a client that is to be added or changed, member by member; of a member, the first thing.
 * @param given what is new
 * @param after all that it is to have
 * @param scopeBefore what its scope was
 */
export const clientProblems = (
  given: Partial<ClientSettings>,
  after: ClientSettings & { readonly isPublic: boolean },
  scopeBefore: readonly string[] = [],
): Problems => ({ ...settingsProblems(after), ...withoutGaps(valueProblems(given, scopeBefore)) })
