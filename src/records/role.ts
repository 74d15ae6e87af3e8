/** Roles: named sets of permissions, which users have. */

/** OpenID Connect Core §5.4 and §11: its clients ask for these unasked. They are no permissions: never given, and never refused. */
export const OPENID_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

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
