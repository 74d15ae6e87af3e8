/** Roles: named sets of permissions, which users have. */

/** OpenID Connect Core §5.4 and §11: its clients ask for these unasked. They are no permissions: never given, and never refused. */
export const OPENID_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

export interface Role {
  readonly name: string
  readonly permissions: readonly string[]
}

export interface RoleReader {
  find(name: string): Promise<Role | undefined>
  list(): Promise<readonly Role[]>
  /** Ids of those who have the role. */
  usersOf(name: string): Promise<readonly string[]>
}

export interface RoleStore extends RoleReader {
  /** False when the name is taken. */
  insert(role: Role): Promise<boolean>
  setPermissions(name: string, permissions: readonly string[]): Promise<void>
  /** Removes the role from everybody who has it, too. */
  delete(name: string): Promise<void>
}
