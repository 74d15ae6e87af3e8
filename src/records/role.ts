/** Roles: named sets of permissions, which users have. */

/** OpenID Connect Core §5.4 and §11: its clients ask for these unasked. They are no permissions: never given, and never refused. */
export const OPENID_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

/** What may be done over Signet's own API, noun by noun. */
export const ownPermissions = [
  'signet:users:read',
  'signet:users:write',
  'signet:roles:read',
  'signet:roles:write',
  'signet:clients:read',
  'signet:clients:write',
  'signet:api-keys:read',
  'signet:api-keys:write',
  'signet:sessions:read',
  'signet:sessions:write',
  'signet:keys:read',
  'signet:audit:read',
  'signet:issuers:read',
] as const
export type OwnPermission = (typeof ownPermissions)[number]

/** The built-in role: it has all of these, and nobody changes it. */
export const ADMINISTRATOR = 'signet-admin'

/** Signet's own permissions begin so: they are of use to its own API alone. */
export const isOwnPermission = (permission: string): boolean => permission.startsWith('signet:')

export interface Role {
  readonly name: string
  readonly permissions: readonly string[]
}

/** A role that gives nothing is being deleted: nobody finds it. */
export interface RoleReader {
  find(name: string): Promise<Role | undefined>
  list(): Promise<readonly Role[]>
}

export interface RoleStore extends RoleReader {
  /** False when the name is taken. */
  insert(role: Role): Promise<boolean>
  setPermissions(name: string, permissions: readonly string[]): Promise<void>
  /** The first id, after this one, of those who have the role. */
  nextUserOf(name: string, afterUserId: string): Promise<string | undefined>
  /** Deletes it, also from everybody who has it, if it gives nothing: one that is being deleted. */
  deleteIfEmpty(name: string): Promise<void>
}
