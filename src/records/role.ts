/** Roles: named sets of permissions, which users have. */

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
