/** Scope (RFC 6749 §3.3): scopes are permissions. A token gets what was asked for, narrowed to what client and user may have. */

import { findAudience, isAudienceName, isSameAudience } from '../records/audience.ts'
import { isOwnPermission, OPENID_SCOPES, type Role } from '../records/role.ts'
import { OAuthError } from './oauth-error.ts'

/** Stands in a client's scope for whatever the user has, except Signet's own permissions, which must be named. */
const WHATEVER_THE_USER_HAS = '*'

export interface Granted {
  readonly scope: readonly string[]
  /** Names of the roles that give nothing beyond the scope; undefined for machines, whose tokens have none. */
  readonly roles: readonly string[] | undefined
}

/** Whether a permission may be in a token, as far as one thing decides it. */
type Limit = (permission: string) => boolean

/**
 * Reads the `scope` parameter.
 * @returns undefined when none was asked for, or only what is ignored
 * @throws OAuthError invalid_scope when it is malformed
 */
export function parseScope(parameter: string | undefined): readonly string[] | undefined {
  if (parameter === undefined) return undefined
  const scope = parameter.split(' ').filter(token => token !== '')
  if (scope.length === 0 || !scope.every(token => /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(token))) {
    throw new OAuthError('invalid_scope', 'The scope is malformed.')
  }
  const asked = new Set(scope.filter(token => !OPENID_SCOPES.includes(token)))
  return asked.size === 0 ? undefined : [...asked]
}

/** What a client may have of what its users have; a sign-in was granted what is listed. */
export const within =
  (scope: readonly string[]): Limit =>
  permission =>
    scope.includes(permission) || (scope.includes(WHATEVER_THE_USER_HAS) && !isOwnPermission(permission))

/** Signet's own permissions are of use to its own API alone. */
export const usableAt =
  (audience: string, issuer: string): Limit =>
  permission =>
    !isOwnPermission(permission) || isSameAudience(audience, issuer)

/** What a key never gives. */
export const notOwn: Limit = permission => !isOwnPermission(permission)

/** What a client may do by itself: `*` speaks of users. */
export const namedIn = (scope: readonly string[]): readonly string[] =>
  scope.filter(permission => permission !== WHATEVER_THE_USER_HAS)

const noneLeft = (): OAuthError =>
  new OAuthError('invalid_scope', 'None of the scopes that were asked for can be granted.')

/**
 * Refuses what this client can get from no user, before anything is hashed or written for it.
 * @throws OAuthError invalid_scope
 */
export function assertClientMayHave(clientScope: readonly string[], asked: readonly string[] | undefined): void {
  if (asked !== undefined && !asked.some(within(clientScope))) throw noneLeft()
}

/**
 * Refuses what goes beyond the sign-in (RFC 6749 §6): a refresh may narrow, and never widen.
 * @throws OAuthError invalid_scope
 */
export function assertWithin(granted: readonly string[], asked: readonly string[] | undefined): void {
  if (asked === undefined || asked.every(permission => granted.includes(permission))) return
  throw new OAuthError('invalid_scope', 'The scope goes beyond what the sign-in was granted.')
}

/**
 * The scope of a token.
 * @param asked undefined: all that there is
 * @param permissions what whoever the token speaks of has
 * @throws OAuthError invalid_scope when scopes were asked for by name and none of them is left
 */
export function narrow(
  asked: readonly string[] | undefined,
  permissions: readonly string[],
  limits: readonly Limit[],
): readonly string[] {
  const scope = [...new Set(permissions)]
    .sort()
    .filter(
      permission =>
        !OPENID_SCOPES.includes(permission) &&
        (asked === undefined || asked.includes(permission)) &&
        limits.every(allows => allows(permission)),
    )
  if (asked !== undefined && scope.length === 0) throw noneLeft()
  return scope
}

export const permissionsOf = (roles: readonly Role[]): readonly string[] => roles.flatMap(role => role.permissions)

/**
 * What a user's token may carry.
 * @throws OAuthError invalid_scope
 */
export function narrowToRoles(
  asked: readonly string[] | undefined,
  limits: readonly Limit[],
  roles: readonly Role[],
): Granted & { readonly roles: readonly string[] } {
  const scope = narrow(asked, permissionsOf(roles), limits)
  // One that gives nothing is about to be deleted.
  const complete = roles.filter(
    ({ permissions }) => permissions.length > 0 && permissions.every(permission => scope.includes(permission)),
  )
  return { scope, roles: complete.map(({ name }) => name) }
}

/**
 * Reads the `resource` parameter (RFC 8707 §2).
 * @throws OAuthError invalid_target for what is no URI
 */
export function parseResource(parameter: string | undefined): string | undefined {
  if (parameter === undefined || !isAudienceName(parameter)) return parameter
  throw new OAuthError('invalid_target', 'A resource is an absolute URI. An audience that is a name needs no resource.')
}

/**
 * The one audience of a token (RFC 8707 §2), as it is spelled for the client, however it was asked for.
 * @param allowed the default first
 * @throws OAuthError invalid_target when `resource` is not among them
 */
export function selectAudience(allowed: readonly string[], resource: string | undefined): string {
  const audience = resource === undefined ? allowed[0] : findAudience(allowed, resource)
  if (audience === undefined)
    throw new OAuthError('invalid_target', 'The resource is not one that this client may use.')
  return audience
}
