/** Scope (RFC 6749 §3.3): scopes are permissions. A token gets what was asked for, narrowed to what client and user may have. */

import { OPENID_SCOPES, type Role } from '../records/role.ts'
import { OAuthError } from './oauth-error.ts'

/** Stands in a client's scope for whatever the user has, except Signet's own permissions, which must be named. */
const WHATEVER_THE_USER_HAS = '*'
const OWN_PERMISSIONS = 'signet:'

export interface Granted {
  readonly scope: readonly string[]
  /** Names of the roles that give nothing beyond the scope. */
  readonly roles: readonly string[]
}

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

const clientMayHave = (clientScope: readonly string[], permission: string): boolean =>
  clientScope.includes(permission) ||
  (clientScope.includes(WHATEVER_THE_USER_HAS) && !permission.startsWith(OWN_PERMISSIONS))

const noneLeft = (): OAuthError =>
  new OAuthError('invalid_scope', 'None of the scopes that were asked for can be granted.')

/**
 * Refuses what this client can get from no user, before anything is hashed or written for it.
 * @throws OAuthError invalid_scope
 */
export function assertClientMayHave(clientScope: readonly string[], asked: readonly string[] | undefined): void {
  if (asked !== undefined && !asked.some(permission => clientMayHave(clientScope, permission))) throw noneLeft()
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
 * What a token may carry.
 * @param asked undefined: all that the client may have
 * @param limits what bounds it: the client's scope, and at a refresh also what the sign-in was granted
 * @throws OAuthError invalid_scope when scopes were asked for by name and none of them is left
 */
export function narrowScope(
  asked: readonly string[] | undefined,
  limits: readonly (readonly string[])[],
  roles: readonly Role[],
): Granted {
  const permissions = [...new Set(roles.flatMap(role => role.permissions))].sort()
  const scope = permissions.filter(
    permission =>
      !OPENID_SCOPES.includes(permission) &&
      (asked === undefined || asked.includes(permission)) &&
      limits.every(limit => clientMayHave(limit, permission)),
  )
  if (asked !== undefined && scope.length === 0) throw noneLeft()
  // One that gives nothing is about to be deleted.
  const complete = roles.filter(
    ({ permissions }) => permissions.length > 0 && permissions.every(permission => scope.includes(permission)),
  )
  return { scope, roles: complete.map(({ name }) => name) }
}

/**
 * The one audience of a token (RFC 8707 §2).
 * @param allowed the default first
 * @throws OAuthError invalid_target when `resource` is not among them
 */
export function selectAudience(allowed: readonly string[], resource: string | undefined): string {
  const audience = resource === undefined ? allowed[0] : allowed.find(uri => uri === resource)
  if (audience === undefined)
    throw new OAuthError('invalid_target', 'The resource is not one that this client may use.')
  return audience
}
